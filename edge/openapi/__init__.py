"""OpenAPI 3.1 and a documentation page, made from the contract and nothing else."""
