"""Turns what the registry and the contract say into xDS resources, and serves them (ADS) to gRPC clients and to Envoy."""
