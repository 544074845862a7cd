"""The commands of `reelmesh`, one module each."""
