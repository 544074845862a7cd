"""The limits that the mesh puts on calls between processes: the one place where they are chosen."""

from datetime import timedelta

# -- Retries: only after UNAVAILABLE, only where the contract allows a repetition, at one level of the call chain. Two, since gRPC's
# clients may meet the same broken instance again: with one of three broken, one call in 27 is left before it is ejected.
RETRIES = 2
RETRY_BACKOFF = timedelta(milliseconds=25)
RETRY_BACKOFF_MAX = timedelta(milliseconds=250)
# At the edge, retries under way may be this share of all requests under way, so that a dead backend is not asked again by everybody.
# Services have `mesh.transport.retries` for it.
RETRY_BUDGET_PERCENT = 10.0
RETRY_BUDGET_MINIMUM = 3

# -- Outlier ejection. gRPC counts every status but OK as a failure, also NOT_FOUND: a low threshold would eject healthy instances
# because their callers ask for what is not there. An instance that is broken fails (almost) everything.
EJECTION_INTERVAL = timedelta(seconds=1)
# Each time that a broken instance is let in again costs calls until it is out: with these times less than one in a thousand.
EJECTION_TIME = timedelta(seconds=10)  # times the number of ejections so far …
EJECTION_TIME_MAX = timedelta(seconds=60)  # … up to this
EJECTION_FAILURE_PERCENTAGE = 85
# Of one instance in one interval; fewer prove nothing. No more either: gRPC counts an interval without an ejection as a step back in how
# long the next one lasts, so an instance that answers late has to be found out in the first one after it was let in.
EJECTION_MINIMUM_REQUESTS = 5
EJECTION_MINIMUM_HOSTS = 2  # a lone instance is better than none
EJECTION_MAX_PERCENT = 50  # more failing than that is no outlier but an outage
EJECTION_CONSECUTIVE_GATEWAY_FAILURES = 10  # Envoy only: UNAVAILABLE and DEADLINE_EXCEEDED in a row

# -- Circuit breaking: requests under way from one client process to one context. Beyond it the caller is refused at once with
# UNAVAILABLE. A service answers one in some milliseconds, so a queue of this length is seconds of work: nobody waits for more.
MAX_REQUESTS = 2048
MAX_PENDING_REQUESTS = 1024  # Envoy only, as are connections
MAX_CONNECTIONS = 256

CONNECT_TIMEOUT = timedelta(seconds=1)

# -- A peer that vanished without a word is noticed on an idle connection.
KEEPALIVE_INTERVAL = timedelta(seconds=30)
KEEPALIVE_TIMEOUT = timedelta(seconds=5)

# -- Active health checks, by the edge only (grpc.health.v1): an instance that says NOT_SERVING, because its database is away, gets no
# calls. Services do not check each other: that would be as many checks as there are pairs; their calls find out.
CHECK_INTERVAL = timedelta(seconds=2)
CHECK_TIMEOUT = timedelta(seconds=1)
CHECK_UNHEALTHY = 2  # failed checks in a row; NOT_SERVING counts at once
CHECK_HEALTHY = 1

# -- Flow control between an Envoy and a context: bytes that may be under way before the reader has read.
STREAM_WINDOW = 1024 * 1024
CONNECTION_WINDOW = 4 * STREAM_WINDOW
