"""How the recommender reaches the world, and the mathematics that it learns with."""
