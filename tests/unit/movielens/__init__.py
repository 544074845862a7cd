"""Reading MovieLens files."""
