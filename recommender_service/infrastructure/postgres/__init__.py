"""The context's database."""
