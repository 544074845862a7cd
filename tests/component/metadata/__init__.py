"""The metadata service over gRPC with a real PostgreSQL."""
