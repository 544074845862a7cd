"""What ratings and reviews are, with nothing but the standard library."""
