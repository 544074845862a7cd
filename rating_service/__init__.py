"""Ratings, the summaries made from them, and reviews."""
