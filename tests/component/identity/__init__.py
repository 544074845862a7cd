"""The identity service over a real PostgreSQL."""
