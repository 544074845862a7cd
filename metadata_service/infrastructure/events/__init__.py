"""What other contexts are told."""
