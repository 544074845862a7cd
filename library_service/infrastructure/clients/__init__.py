"""Other contexts, as this one needs them."""
