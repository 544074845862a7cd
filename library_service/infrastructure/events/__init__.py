"""Events out and in."""
