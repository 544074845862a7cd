"""gRPC, PostgreSQL and events of the metadata context."""
