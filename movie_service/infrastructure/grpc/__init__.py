"""MovieService as the contract has it."""
