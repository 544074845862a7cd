"""Documents, credits and genres in PostgreSQL."""
