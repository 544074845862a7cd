"""A real Envoy, configured through ADS, in front of a real gRPC server."""
