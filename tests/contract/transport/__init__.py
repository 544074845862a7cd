"""One suite for both transports: what a gRPC server has to do, whoever carries it."""
