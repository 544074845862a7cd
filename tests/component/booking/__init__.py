"""The booking service with real PostgreSQL."""
