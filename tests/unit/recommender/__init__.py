"""Unit tests of the recommender: no sockets, no model files."""
