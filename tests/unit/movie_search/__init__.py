"""What search knows of words."""
