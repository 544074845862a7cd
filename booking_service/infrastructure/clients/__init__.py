"""Other contexts."""
