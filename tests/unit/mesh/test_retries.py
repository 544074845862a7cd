"""A backend that is down uses the retries up, one broken instance of several does not."""

from contextlib import suppress
from typing import Any

from google.rpc import code_pb2, status_pb2

from mesh.errors import MeshError
from mesh.handlers import CallFailed
from mesh.tracing import Tracing
from mesh.transport.marks import ONCE, SET
from mesh.transport.outgoing import Outgoing
from mesh.transport.retries import Retries
from tests.unit.control_plane.methods import METHODS


def call(outgoing: Outgoing, code: int = code_pb2.OK) -> bool:
    """Whether it may be repeated, as its route is told."""
    with suppress(MeshError), outgoing.attempt() as (_, metadata):
        if code:
            raise CallFailed(status_pb2.Status(code=code))
    return (ONCE, SET) not in metadata


def outgoing() -> Outgoing:
    policy: Any = METHODS[0]
    status_of = lambda error: error.status if isinstance(error, CallFailed) else None  # noqa: E731  # it is used once
    return Outgoing(policy, Tracing("test"), status_of, Retries(), str)


def test_calls_that_are_unavailable_in_the_end_use_the_retries_up_and_answers_give_them_back() -> None:
    calls = outgoing()
    assert [call(calls, code_pb2.UNAVAILABLE) for _ in range(8)] == [True] * 5 + [False] * 3
    assert [call(calls) for _ in range(40)][-1]


def test_other_failures_cost_nothing() -> None:
    calls = outgoing()
    assert all(call(calls, code_pb2.NOT_FOUND) for _ in range(20))


def test_as_long_as_most_calls_are_answered_in_the_end_each_may_be_repeated() -> None:
    calls = outgoing()
    for _ in range(50):
        assert call(calls, code_pb2.UNAVAILABLE)
        assert all(call(calls) for _ in range(6))
