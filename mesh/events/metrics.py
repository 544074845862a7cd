"""Prometheus metrics of outbox, consumers and dead letters."""

from prometheus_client import Counter, Gauge

published = Counter("reelmesh_events_published_total", "Events that JetStream acknowledged", ["context"])
outbox_lag = Gauge("reelmesh_outbox_lag_seconds", "Age of the oldest event not yet published; 0 when there is none", ["context"])
handled = Counter("reelmesh_events_handled_total", "Events whose effect is committed", ["consumer"])
failures = Counter("reelmesh_event_failures_total", "Attempts to handle an event that raised", ["consumer"])
dead_lettered = Counter("reelmesh_events_dead_lettered_total", "Events given up", ["consumer"])
consumer_lag = Gauge("reelmesh_consumer_lag_seconds", "Age of the event handled last; 0 when none is waiting", ["consumer"])
consumer_pending = Gauge("reelmesh_consumer_pending", "Events of the stream that wait for this consumer", ["consumer"])
broadcast_gaps = Counter("reelmesh_broadcast_gaps_total", "Times that broadcasts may have been missed", ["process"])
