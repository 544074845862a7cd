"""The contract reelmesh.rating.v1, served."""
