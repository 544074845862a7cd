"""What other contexts tell, and what they are told."""
