"""`reelmesh evaluate`, as a person starts it."""
