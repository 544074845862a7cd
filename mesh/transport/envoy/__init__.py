"""The Envoy transport: the service process is an Envoy that runs our handlers and calls other contexts through its own clusters."""
