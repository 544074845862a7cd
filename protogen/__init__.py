"""Generates code from the contract in protos/; the package build, `make protos` and `make stubs` call it."""
