"""The recommender with a real PostgreSQL."""
