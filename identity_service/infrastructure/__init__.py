"""The contract, PostgreSQL, argon2 and events."""
