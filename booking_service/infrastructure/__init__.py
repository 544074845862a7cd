"""Booking over gRPC, in PostgreSQL, on the event stream."""
