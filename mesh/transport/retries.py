"""A budget of retries, so that a backend that is down is not asked again by everybody."""

_TOKENS = 10.0
_TOKENS_BACK = 0.2


class Retries:
    """For the calls to one context. A call that is UNAVAILABLE in the end costs a token, one that is answered gives some of one back, and
    below half nothing is repeated.

    gRPC's own throttle (which xDS cannot set) charges each failed attempt instead, and stops repeating just when one instance of
    several is broken and a second attempt helps. Here such calls cost nothing as long as they are answered.
    """

    def __init__(self) -> None:
        self._tokens = _TOKENS

    @property
    def allowed(self) -> bool:
        return self._tokens > _TOKENS / 2

    def answered(self) -> None:
        self._tokens = min(_TOKENS, self._tokens + _TOKENS_BACK)

    def unavailable(self) -> None:
        self._tokens = max(0.0, self._tokens - 1)
