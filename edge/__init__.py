"""The HTTP edge: what Envoy is told, so that HTTP/JSON, gRPC-Web and gRPC reach the same services. No business rule lives here."""
