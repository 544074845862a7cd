"""What the context does, and what it needs for that."""
