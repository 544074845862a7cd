"""The contract reelmesh.library.v1, served."""
