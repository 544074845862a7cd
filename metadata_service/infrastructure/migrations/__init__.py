"""Revisions of this context's database."""
