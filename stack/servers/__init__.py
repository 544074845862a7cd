"""The real servers that come as wheels (PostgreSQL, NATS, Envoy), each as a plain foreground process."""
