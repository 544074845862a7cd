"""One handler per RPC, built once: bytes in, bytes out, and no transport in sight.

In order: trace, authentication, access rule, parsing, validation, the use case under its deadline, the error table,
metrics and access log. A transport gives the request's bytes and an `Incoming`, and turns `CallFailed` into its own
form of a status.
"""

import asyncio
import inspect
import math
import random
import time
import typing
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import code_pb2, status_pb2

from mesh import errors, metrics
from mesh.auth import Authenticator, KeyUnknown, require_access
from mesh.call import ANONYMOUS, Call, Deadline, Pair, TraceContext, current_call
from mesh.languages import accepted_languages
from mesh.policy import MethodPolicy, method_policy
from mesh.service_tokens import NO_SERVICE_TOKENS, SERVICE_TOKEN, ServiceTokens
from mesh.status import to_status
from mesh.time_limit import within
from mesh.tracing import Recording, Tracing, current_recording, finish_call
from mesh.validation import checker, validate

log = structlog.get_logger("mesh.access")

ErrorTable = Mapping[type[Exception], Callable[[Any], errors.MeshError]]

# What the caller got wrong or what its state forbids is an answer, not a failure of this service.
_OUR_FAILURES = frozenset({code_pb2.INTERNAL, code_pb2.UNAVAILABLE, code_pb2.DEADLINE_EXCEEDED, code_pb2.UNKNOWN, code_pb2.DATA_LOSS})
_FAILURES = frozenset(code_pb2.Code.values()) - {code_pb2.OK}


@dataclass(slots=True)  # not frozen: there is one for each call, and a frozen one takes three times as long to make
class Incoming:
    """What a transport knows of a call: lower-case text metadata, seconds that the caller still waits, its address.

    `binary` is the metadata whose names end in `-bin`. What is put into `leading` goes out before the first message, what is put into
    `trailing` with the status. `identity` is the name in the caller's certificate, empty where it has shown none.
    """

    metadata: Mapping[str, str]
    time_remaining: float | None
    peer: str
    binary: Mapping[str, bytes] = field(default_factory=dict)
    leading: list[Pair] = field(default_factory=list)
    trailing: list[Pair] = field(default_factory=list)
    identity: str = ""


class CallFailed(Exception):
    """The answer is `status` instead of a message.

    A servicer whose contract has a status that is not in the error table may raise it too; the status goes out as it is.
    """

    def __init__(self, status: status_pb2.Status) -> None:
        if status.code not in _FAILURES:
            raise ValueError(f"{status.code} is not the code of a failure")
        super().__init__(status.message)
        self.status = status


class ServicerMismatch(Exception):
    """A servicer does not have the methods or the types that its contract declares."""


@dataclass(frozen=True, slots=True)
class CallEnvironment:
    """What all handlers of a process share. `peers` are the callers that metrics know by name, `callers` those whose certificates may
    call; None for everybody."""

    authenticator: Authenticator
    tracing: Tracing
    access_log_ratio: float = 0.0
    peers: Collection[str] = ()
    callers: Collection[str] | None = None
    service_tokens: ServiceTokens = NO_SERVICE_TOKENS


class Handler:
    """The call of one method. Use `unary` or `stream`, as `policy.server_streaming` says; the request is bytes or an iterator of bytes."""

    def __init__(self, policy: MethodPolicy, method: Callable[..., Any], table: ErrorTable, environment: CallEnvironment) -> None:
        self.policy = policy
        self._method = method
        self._table = table
        self._environment = environment
        self.called_at = -math.inf  # the last time, on the clock of time.perf_counter
        self._tracing = environment.tracing
        self._callers, self._services = environment.callers, frozenset(environment.peers) - {"edge"}
        self._request_type: type[Message] = GetMessageClass(policy.input)
        self._check = checker(policy.input)
        self._metrics = metrics.ServedCalls(policy.path[1:], environment.peers)

    async def unary(self, payload: bytes | AsyncIterator[bytes], incoming: Incoming) -> bytes:
        """The response's bytes. Raises CallFailed; cancellation passes through."""
        progress = _Progress(self, incoming)
        try:
            try:
                call = progress.admit()
            except KeyUnknown:
                call = await self._admitted_after_learning(progress)
            request = self._parsed(payload) if isinstance(payload, bytes) else self._requests(payload)
            response: Message = await within(call.deadline, self._method(request, call))
            answer = response.SerializeToString()
        except BaseException as error:
            raise progress.failed(error) from error
        progress.succeeded()
        return answer

    async def stream(self, payload: bytes | AsyncIterator[bytes], incoming: Incoming) -> AsyncGenerator[bytes, None]:
        """The responses' bytes, each made when the transport asks for it. Raises CallFailed."""
        progress = _Progress(self, incoming)
        try:
            try:
                call = progress.admit()
            except KeyUnknown:
                call = await self._admitted_after_learning(progress)
            request = self._parsed(payload) if isinstance(payload, bytes) else self._requests(payload)
            responses = aiter(self._method(request, call))
            while True:
                # The timeout is around each step, not around the yield: the consumer's time is bounded by the transport.
                async with asyncio.timeout(call.deadline.remaining()):
                    response = await anext(responses, None)
                if response is None:
                    break
                yield response.SerializeToString()
        except GeneratorExit:
            progress.cancelled()
            raise
        except BaseException as error:
            raise progress.failed(error) from error
        progress.succeeded()

    async def _admitted_after_learning(self, progress: "_Progress") -> Call:
        await self._environment.authenticator.learn()
        try:
            return progress.admit()
        except KeyUnknown as error:
            raise errors.Unauthenticated("TOKEN_NOT_OURS", "The access token was not issued for this platform.") from error

    def _parsed(self, payload: bytes) -> Message:
        try:
            request = self._request_type.FromString(payload)
        except DecodeError as error:
            raise errors.InvalidArgument(
                [errors.Violation("", "the request is not a valid message of its type")], "MALFORMED_MESSAGE"
            ) from error
        violations: list[errors.Violation] = []
        self._check(request, "", violations)
        if violations:
            validate(request)
        return request

    async def _requests(self, payloads: AsyncIterator[bytes]) -> AsyncIterator[Message]:
        async for payload in payloads:
            yield self._parsed(payload)

    def begin(self, incoming: Incoming, trace: TraceContext) -> Call:
        """The call that the use case sees; raises when the caller may not make it."""
        metadata, policy = incoming.metadata, self.policy
        if self._callers is not None and incoming.identity not in self._callers:
            raise errors.PermissionDenied("CALLER_NOT_ALLOWED", "This caller's certificate does not allow it to call here.")
        credentials = metadata.get("authorization", "")
        principal = self._environment.authenticator.principal(credentials)
        # A certificate says more than a secret that all share.
        proven = incoming.identity in self._services
        service = incoming.identity if proven else self._environment.service_tokens.caller(metadata.get(SERVICE_TOKEN))
        require_access(policy.access, principal, service)
        allowed = policy.deadline if incoming.time_remaining is None else min(policy.deadline, incoming.time_remaining)
        languages = metadata.get("accept-language")
        preferred = accepted_languages(languages) if languages else ()
        return Call(policy.path, principal, Deadline.after(allowed), preferred, trace, credentials, incoming, service)

    def translated(self, error: BaseException) -> BaseException:
        """A domain error as the mesh error that its table makes of it; the time limit as DeadlineExceeded."""
        for kind in type(error).__mro__:
            make = self._table.get(kind)
            if make is not None:
                return make(error)
        return errors.DeadlineExceeded() if isinstance(error, TimeoutError) else error


class _Progress:
    """One call from admission to its end: measured, traced and logged exactly once."""

    __slots__ = ("_call", "_handler", "_incoming", "_span", "_started", "_trace")

    def __init__(self, handler: Handler, incoming: Incoming) -> None:
        self._handler, self._incoming = handler, incoming
        self._started = handler.called_at = time.perf_counter()
        self._trace, self._span = handler._tracing.server_call(handler.policy.path, incoming.metadata.get("traceparent"))
        self._call: Call | None = None

    def admit(self) -> Call:
        self._call = call = self._handler.begin(self._incoming, self._trace)
        current_call.set(call)
        if self._span is not None:
            current_recording.set(Recording(self._handler._tracing, self._trace.traceparent))
        return call

    def succeeded(self) -> None:
        ratio = self._handler._environment.access_log_ratio
        self._finish(code_pb2.OK, logged=ratio > 0 and random.random() < ratio)  # noqa: S311  # sampling, not a secret

    def cancelled(self) -> None:
        self._finish(code_pb2.CANCELLED, logged=True)

    def failed(self, error: BaseException) -> BaseException:
        """What to raise instead of `error`: CallFailed, or the cancellation itself."""
        if isinstance(error, asyncio.CancelledError | KeyboardInterrupt | SystemExit):
            self.cancelled()
            return error
        if self._call is None:  # refused: logged with its trace too
            current_call.set(Call(self._handler.policy.path, ANONYMOUS, Deadline.after(0), (), self._trace))
        if isinstance(error, CallFailed):
            status = error.status
        else:
            status = to_status(self._handler.translated(error), self._handler.policy.context, self._trace.trace_id)
        if status.code == code_pb2.INTERNAL:
            log.exception("unexpected error", method=self._handler.policy.path, exc_info=error)
        self._finish(status.code, logged=True, unexpected=error if status.code == code_pb2.INTERNAL else None)
        return CallFailed(status)

    def _finish(self, code: int, *, logged: bool, unexpected: BaseException | None = None) -> None:
        seconds = time.perf_counter() - self._started
        caller = self._incoming.metadata.get(metrics.CALLER, "")
        self._handler._metrics.observe(code, seconds, caller)
        if self._span is not None:
            finish_call(self._span, code_pb2.Code.Name(code), code in _OUR_FAILURES, unexpected)
        if logged:
            left, given = self._incoming.time_remaining, self._handler.policy.deadline
            log.info(
                "call",
                method=self._handler.policy.path,
                code=code_pb2.Code.Name(code),
                ms=round(seconds * 1000, 3),
                deadline_ms=round((given if left is None else min(given, left)) * 1000),
                peer=self._incoming.peer,
                identity=self._incoming.identity,
                caller=caller,
                subject=self._call.principal.subject if self._call else "",
            )


def build_handlers(service: ServiceDescriptor, servicer: object, table: ErrorTable, environment: CallEnvironment) -> Mapping[str, Handler]:
    """By gRPC path. Raises IncompleteContract or ServicerMismatch: a service with a hole does not start."""
    handlers = {}
    for declared in service.methods:
        policy = method_policy(declared)
        method = getattr(servicer, declared.name, None)
        if method is None:
            raise ServicerMismatch(f"{type(servicer).__name__} has no {declared.name}")
        _check_signature(policy, method)
        handlers[policy.path] = Handler(policy, method, table, environment)
    return handlers


def _check_signature(policy: MethodPolicy, method: Callable[..., Any]) -> None:
    hints = typing.get_type_hints(method)
    answer = hints.pop("return", None)
    asked = next(iter(hints.values()), None)
    expected_in: Any = GetMessageClass(policy.input)
    expected_out: Any = GetMessageClass(policy.output)
    if policy.client_streaming:
        expected_in = AsyncIterator[expected_in]
    if policy.server_streaming:
        expected_out = AsyncIterator[expected_out]
    parameters = len(inspect.signature(method).parameters)
    if (asked, answer, parameters) != (expected_in, expected_out, 2):
        raise ServicerMismatch(f"{policy.path} must be ({expected_in}, Call) -> {expected_out}, it is ({asked}, …) -> {answer}")
