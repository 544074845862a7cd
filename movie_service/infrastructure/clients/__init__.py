"""Other contexts behind our ports."""
