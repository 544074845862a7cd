"""Brings data sets into a running platform through its public RPCs."""
