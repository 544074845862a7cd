"""The registry for many machines: Consul."""
