"""The recommender's figures: what it is measured on, how well it foretells, how quickly it answers."""
