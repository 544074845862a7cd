"""Search over real films in a real PostgreSQL."""
