"""Rules of booking, without anything around them."""
