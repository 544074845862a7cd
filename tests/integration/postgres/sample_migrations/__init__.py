"""The migrations of an invented context with one table."""
