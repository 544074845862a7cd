"""The local registry, in a temporary directory."""
