"""The migrations of a context that keeps what it received."""
