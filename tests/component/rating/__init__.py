"""The rating service in this process, with a real PostgreSQL."""
