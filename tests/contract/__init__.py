"""The contract keeps its own rules, and the generator its word."""
