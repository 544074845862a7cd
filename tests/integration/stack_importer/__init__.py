"""The import of MovieLens data sets, into a platform that answers over gRPC."""
