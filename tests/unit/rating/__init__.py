"""Ratings and reviews without any I/O."""
