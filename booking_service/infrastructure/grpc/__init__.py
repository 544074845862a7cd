"""Servicers, names and messages."""
