"""The demonstration data of a fresh stack: a small catalogue of real films, and ratings that are made up."""
