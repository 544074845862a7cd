"""Use cases, each in one transaction."""
