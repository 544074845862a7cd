"""Requests of every method, generated from the contract: right ones, broken ones, and the same ones as HTTP."""
