"""gRPC's own xDS client against the control plane, with real servers behind it."""
