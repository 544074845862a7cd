"""Events out."""
