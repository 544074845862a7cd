"""Accounts, sessions and codes, and the rules that hold for them."""
