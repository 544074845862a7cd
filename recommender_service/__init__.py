"""Learns from ratings and interactions what a person may like next, what is like a movie, and why."""
