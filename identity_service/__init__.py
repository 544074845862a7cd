"""Accounts, sessions, roles and the keys that vouch for them."""
