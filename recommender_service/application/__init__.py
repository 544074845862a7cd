"""What one can ask of the recommender, and what that needs from outside."""
