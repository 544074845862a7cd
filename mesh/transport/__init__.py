"""Adapters that carry a handler's bytes over a wire."""
