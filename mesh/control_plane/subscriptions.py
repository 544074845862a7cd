"""One client's side of the xDS protocol (v3, state of the world): requests and changes in, serialised responses out; no I/O."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

import structlog

from mesh.control_plane.requests import Request
from mesh.control_plane.resources import CDS, EDS, LDS, SDS, TYPES, Resources

_log = structlog.get_logger(__name__)
# A response of these types is the whole state: what it does not name is deleted. The others update what they name.
_WHOLE_STATE = (CDS, LDS)


_REFUSALS_KEPT = 100
_NOTHING = Resources()


class Answer(Enum):
    """What the client said to what it was sent last."""

    PENDING = "pending"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"


@dataclass(slots=True)
class Subscription:
    """One type of resources of one client. Versions are those of the whole set, of which the client may have seen a part."""

    names: frozenset[str] | None  # None: everything
    named_before: bool
    nonce: str = ""
    answer: Answer = Answer.PENDING  # to the response of `nonce`
    sent: dict[str, str] | None = None  # name → digest; None: nothing was sent yet
    sent_version: str = ""
    acknowledged_version: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """`at` is seconds since the epoch, `reason` the client's words."""

    node: str
    kind: str
    version: str
    reason: str
    at: float


@dataclass(slots=True)
class Counts:
    """What happened on all streams since the start."""

    responses: int = 0
    acknowledged: int = 0
    refused: dict[str, int] = field(default_factory=dict)  # by resource type
    refusals: deque[Refusal] = field(default_factory=lambda: deque(maxlen=_REFUSALS_KEPT))  # the last ones


class ClientState:
    """What one stream subscribed to and was sent. `resources` is None until the registry was read for the first time: until then
    nothing is answered, since an empty answer would take away what the client knows. `own` is what this client alone is given."""

    def __init__(
        self, node: str, resources: Resources | None, counts: Counts, clock: Callable[[], float] = time.time, own: Resources = _NOTHING
    ) -> None:
        self._node = node
        self._own = own
        self._resources = resources
        self._counts = counts
        self._clock = clock
        self._subscriptions: dict[str, Subscription] = {}
        self._last_nonce = 0

    @property
    def subscriptions(self) -> Mapping[str, Subscription]:
        """By resource type."""
        return self._subscriptions

    def request(self, request: Request) -> list[bytes]:
        kind = request.kind
        if kind not in (*TYPES, SDS):
            return []  # runtime, …: not ours to give
        subscription = self._subscriptions.get(kind)
        if subscription is None:
            subscription = self._subscriptions[kind] = _subscribed(kind, request)
            return self._send_all(kind, subscription)
        if request.nonce != subscription.nonce:
            return []  # sent before our last response arrived; the answer to that one will say the same again
        repeated = subscription.answer is not Answer.PENDING
        if subscription.nonce:
            self._note_answer(kind, subscription, request)
        before, subscription.names = subscription.names, _names(kind, request, subscription)
        if subscription.names == before:
            # A second request after the same response: Envoy warms a cluster, or gRPC dropped a resource and wants it again.
            return self._send_all(kind, subscription) if repeated else []
        if kind in _WHOLE_STATE and _added(before, subscription.names):
            return self._send_all(kind, subscription)  # also when it does not exist: that is what the client has to learn
        return self._send_changed(kind, subscription)

    def changed(self, resources: Resources) -> list[bytes]:
        """What this client has to be told of the new state."""
        self._resources = resources
        return [response for kind in TYPES if kind in self._subscriptions for response in self._tell(kind)]

    def unaffected_by(self, resources: Resources) -> bool:
        """True when the client need not be told anything of the new state, which is then taken."""
        shared = [(kind, each) for kind, each in self._subscriptions.items() if kind in TYPES]
        if any(resources.digests(kind, each.names) != each.sent for kind, each in shared):
            return False
        self._resources = resources
        return True

    def _tell(self, kind: str) -> Iterator[bytes]:
        subscription = self._subscriptions[kind]
        before = subscription.sent
        yield from self._send_changed(kind, subscription)
        endpoints = self._subscriptions.get(EDS)
        if kind == CDS and before and endpoints is not None and endpoints.sent is not None:
            # A changed cluster is warmed by Envoy with its endpoints, which have to be sent again though they did not change.
            for name, digest in (subscription.sent or {}).items():
                if before.get(name) != digest:
                    endpoints.sent.pop(name, None)

    def _send_all(self, kind: str, subscription: Subscription) -> list[bytes]:
        subscription.sent = None
        return self._send_changed(kind, subscription)

    def _send_changed(self, kind: str, subscription: Subscription) -> list[bytes]:
        resources = self._own if kind == SDS else self._resources
        if resources is None:
            return []
        wanted, sent = resources.digests(kind, subscription.names), subscription.sent
        subscription.sent = wanted
        if kind in _WHOLE_STATE:
            due, names = wanted != sent, list(wanted)
        else:
            names = [name for name, digest in wanted.items() if (sent or {}).get(name) != digest]
            due = bool(names)
        if not due:
            return []
        self._last_nonce += 1
        subscription.nonce = str(self._last_nonce)
        subscription.answer = Answer.PENDING
        subscription.sent_version = resources.versions[kind]
        self._counts.responses += 1
        return [resources.response(kind, names, subscription.nonce)]

    def _note_answer(self, kind: str, subscription: Subscription, request: Request) -> None:
        if subscription.answer is not Answer.PENDING:
            return
        if request.refusal is None:
            subscription.answer = Answer.ACKNOWLEDGED
            subscription.acknowledged_version = subscription.sent_version
            self._counts.acknowledged += 1
            return
        # The client keeps what it had. The same content is not sent again: it would be refused again.
        subscription.answer = Answer.REFUSED
        reason = request.refusal
        self._counts.refusals.append(Refusal(self._node, kind, subscription.sent_version, reason, self._clock()))
        self._counts.refused[kind] = self._counts.refused.get(kind, 0) + 1
        _log.error("a client refuses its configuration", node=self._node, type=kind, reason=reason)


def _subscribed(kind: str, request: Request) -> Subscription:
    subscription = Subscription(names=None, named_before=False)
    subscription.names = _names(kind, request, subscription)
    return subscription


def _added(before: frozenset[str] | None, after: frozenset[str] | None) -> bool:
    return before is not None and (after is None or not after <= before)


def _names(kind: str, request: Request, subscription: Subscription) -> frozenset[str] | None:
    names = request.names
    if kind in _WHOLE_STATE and ("*" in names or (not names and not subscription.named_before)):
        return None
    subscription.named_before = subscription.named_before or bool(names)
    return names
