"""The servicers of the contract, and translation."""
