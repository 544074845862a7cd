"""What `make check` asks that no tool of others answers."""
