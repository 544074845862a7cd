"""The metadata context without its servers."""
