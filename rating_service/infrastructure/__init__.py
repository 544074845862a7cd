"""Ratings and reviews over gRPC, in PostgreSQL, on the event stream."""
