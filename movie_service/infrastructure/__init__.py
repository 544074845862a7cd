"""PostgreSQL, gRPC, events and the clients of other contexts."""
