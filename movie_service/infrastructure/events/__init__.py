"""Events out, and what events of all contexts mean to the caches."""
