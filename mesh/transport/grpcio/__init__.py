"""The grpc.aio transport: a server for our handlers, and channels that dial `xds:///<context>`."""
