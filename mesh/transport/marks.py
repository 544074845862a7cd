"""Metadata by which callers tell routes about a call. The edge lets nobody outside say any of it."""

# The caller's retry budget is used up: the route without a retry is to be taken.
ONCE = "x-reelmesh-once"
# The call goes straight to a cluster, past any route that could inject a fault: the listener of who is called has to.
UNROUTED = "x-reelmesh-unrouted"
SET = "1"
