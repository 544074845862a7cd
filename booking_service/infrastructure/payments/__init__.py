"""The payment provider over HTTP, and the events that it sends."""
