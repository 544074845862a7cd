"""Reads MovieLens data sets as they are published: which files there are, and what their rows say. Knows nobody else here."""
