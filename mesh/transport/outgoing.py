"""What goes with a call to another context and what comes of it, whichever transport carries it."""

import time
from collections.abc import Callable

from google.rpc import code_pb2, status_pb2

from mesh import metrics
from mesh.call import current_call
from mesh.policy import MethodPolicy
from mesh.service_tokens import SERVICE_TOKEN, Proof
from mesh.status import from_status
from mesh.tracing import Tracing, finish_call
from mesh.transport.marks import ONCE, SET
from mesh.transport.retries import Retries

StatusOf = Callable[[BaseException], status_pb2.Status | None]


class Outgoing:
    """The calls of one method. `status_of` knows which exceptions of the transport are answers; `retries` is the context's budget;
    `proof` is that it is us who call."""

    def __init__(self, policy: MethodPolicy, tracing: Tracing, status_of: StatusOf, retries: Retries, proof: Proof) -> None:
        self.policy = policy
        self.tracing = tracing
        self.retries = retries
        self.proof = proof
        self.metrics = metrics.called(policy.path[1:])
        self.status_of = status_of
        self.caller = (metrics.CALLER, tracing.service)

    def attempt(self) -> "Attempt":
        return Attempt(self)


class Attempt:
    """Entered, it gives the seconds that the call may take and its metadata; left, it has raised the MeshError that was answered."""

    __slots__ = ("_outgoing", "_span", "_started")

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    def __enter__(self) -> tuple[float, tuple[tuple[str, str], ...]]:
        self._started = time.perf_counter()
        policy = self._outgoing.policy
        traceparent, self._span = self._outgoing.tracing.client_call(policy.path)
        call = current_call.get()
        metadata = [] if self._outgoing.retries.allowed else [(ONCE, SET)]
        if token := self._outgoing.proof():
            metadata.append((SERVICE_TOKEN, token))
        if call is None:
            return policy.deadline, (self._outgoing.caller, *metadata)
        metadata += [self._outgoing.caller, ("traceparent", traceparent)]
        if call.credentials:
            metadata.append(("authorization", call.credentials))
        if call.languages:
            metadata.append(("accept-language", ",".join(call.languages)))
        return min(policy.deadline, call.deadline.remaining()), tuple(metadata)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None:
        code, status = code_pb2.OK, None
        if error is not None:
            status = self._outgoing.status_of(error)
            code = code_pb2.CANCELLED if status is None else status.code
        if code == code_pb2.UNAVAILABLE:
            self._outgoing.retries.unavailable()
        elif code == code_pb2.OK:
            self._outgoing.retries.answered()
        self._outgoing.metrics.observe(code, time.perf_counter() - self._started)
        if self._span is not None:
            finish_call(self._span, code_pb2.Code.Name(code), failed=code != code_pb2.OK)
        if status is not None:
            raise from_status(status) from error
