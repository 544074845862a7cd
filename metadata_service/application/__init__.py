"""What one can do with documents, and what that needs from outside."""
