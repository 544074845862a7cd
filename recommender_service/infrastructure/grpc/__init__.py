"""The contract in terms of the use cases."""
