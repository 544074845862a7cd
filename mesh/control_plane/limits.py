"""The limits that the mesh puts on calls between processes: the one place where they are chosen."""

from datetime import timedelta

# -- Retries: one, only UNAVAILABLE, only where the contract allows a repetition.
RETRIES = 1
RETRY_BACKOFF = timedelta(milliseconds=25)
RETRY_BACKOFF_MAX = timedelta(milliseconds=250)
# At the edge, retries under way may be this share of all requests under way, so that a dead backend is not asked twice by everybody.
# gRPC clients have no such budget in xDS; what bounds them is that a backend without a connection is refused before it is asked.
RETRY_BUDGET_PERCENT = 10.0
RETRY_BUDGET_MINIMUM = 3

# -- Outlier ejection. gRPC counts every status but OK as a failure, also NOT_FOUND: a low threshold would eject healthy instances
# because their callers ask for what is not there. An instance that is broken fails (almost) everything.
EJECTION_INTERVAL = timedelta(seconds=1)
EJECTION_TIME = timedelta(seconds=5)  # times the number of ejections so far …
EJECTION_TIME_MAX = timedelta(seconds=30)  # … up to this
EJECTION_FAILURE_PERCENTAGE = 85
EJECTION_MINIMUM_REQUESTS = 10  # of one instance in one interval; fewer prove nothing
EJECTION_MINIMUM_HOSTS = 2  # a lone instance is better than none
EJECTION_MAX_PERCENT = 50  # more failing than that is no outlier but an outage
EJECTION_CONSECUTIVE_GATEWAY_FAILURES = 10  # Envoy only: UNAVAILABLE and DEADLINE_EXCEEDED in a row

# -- Circuit breaking: requests under way from one client process to one context. Beyond it the caller is refused at once with
# UNAVAILABLE. A service answers one in some milliseconds, so a queue of this length is seconds of work: nobody waits for more.
MAX_REQUESTS = 2048
MAX_PENDING_REQUESTS = 1024  # Envoy only, as are connections
MAX_CONNECTIONS = 256

CONNECT_TIMEOUT = timedelta(seconds=1)

# -- Flow control between an Envoy and a context: bytes that may be under way before the reader has read.
STREAM_WINDOW = 1024 * 1024
CONNECTION_WINDOW = 4 * STREAM_WINDOW
