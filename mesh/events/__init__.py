"""Events between contexts: outbox to JetStream, JetStream to inbox, and broadcasts that keep caches honest."""
