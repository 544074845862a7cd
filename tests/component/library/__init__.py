"""The library service in this process, with a real PostgreSQL."""
