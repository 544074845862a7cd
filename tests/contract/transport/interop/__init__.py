"""gRPC's own interoperability client against a service of ours, on each transport."""
