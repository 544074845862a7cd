"""How good a model is: protocols that ask it for lists, figures made of the answers, and the models that it is compared with."""
