"""Requests that no gRPC client sends: each is answered with a status or refused, none is left hanging."""

import gzip
from collections.abc import Sequence

import grpc
import pytest

from mesh.transport.envoy.wire import framed
from tests.contract.transport.conftest import Serving
from tests.contract.transport.raw import GRPC, raw_call
from tests.contract.transport.test_calls import PREFIX

ECHO, COUNT = PREFIX + "Echo", PREFIX + "Count"
MESSAGE = framed(b"hello")
PACKED = gzip.compress(b"hello")


def _compressed(payload: bytes) -> bytes:
    return b"\1" + len(payload).to_bytes(4) + payload


@pytest.mark.parametrize(
    "pieces",
    [[MESSAGE], [MESSAGE[:3], MESSAGE[3:]], [bytes([byte]) for byte in MESSAGE], [MESSAGE, b""]],
    ids=["one", "two", "bytes", "end"],
)
async def test_messages_may_come_in_any_pieces(pieces: Sequence[bytes], served: Serving) -> None:
    answer = await raw_call(served.address, ECHO, pieces)
    assert (answer.code, answer.body) == (0, MESSAGE)


async def test_many_messages_may_come_in_one_piece(served: Serving) -> None:
    answer = await raw_call(served.address, COUNT, [MESSAGE * 3 + MESSAGE[:2], MESSAGE[2:]])
    assert (answer.code, answer.body[5:]) == (0, b"[5, 5, 5, 5]")


MALFORMED: dict[str, tuple[str, Sequence[bytes], Sequence[tuple[str, str]]]] = {
    "a prefix cut off": (ECHO, [MESSAGE[:3]], GRPC),
    "a message cut off": (ECHO, [MESSAGE[:-2]], GRPC),
    "a stream cut off": (COUNT, [MESSAGE, MESSAGE[:-2]], GRPC),
    "no message": (ECHO, [b""], GRPC),
    "no body": (ECHO, [], GRPC),
    "a flag that is not defined": (ECHO, [b"\7" + MESSAGE[1:]], GRPC),
    "compressed, nobody says how": (ECHO, [_compressed(PACKED)], GRPC),
    "compressed in an unknown way": (ECHO, [_compressed(PACKED)], (*GRPC, ("grpc-encoding", "snappy"))),
    "damaged gzip": (ECHO, [_compressed(b"nonsense")], (*GRPC, ("grpc-encoding", "gzip"))),
    "gzip cut off": (ECHO, [_compressed(PACKED[:-4])], (*GRPC, ("grpc-encoding", "gzip"))),
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_a_malformed_request_gets_a_status(name: str, served: Serving) -> None:
    path, pieces, headers = MALFORMED[name]
    if served.transport == "grpcio":
        # gRPC's own server answers some of these with OK and some not at all; what can be asked of it is that it goes on.
        await raw_call(served.address, path, pieces, headers, within=0.1)
        assert (await raw_call(served.address, ECHO, [MESSAGE])).code == 0
        return
    answer = await raw_call(served.address, path, pieces, headers)
    expected = grpc.StatusCode.UNIMPLEMENTED if "unknown" in name else grpc.StatusCode.INTERNAL
    assert (answer.ended, answer.code) == (True, expected.value[0])


async def test_more_than_one_message_does_not_hang_a_unary_call(served: Serving) -> None:
    answer = await raw_call(served.address, ECHO, [MESSAGE * 2])
    assert answer.ended
    if served.transport == "envoy":
        assert answer.code == grpc.StatusCode.INTERNAL.value[0]


async def test_a_message_that_never_comes_is_waited_for_until_the_time_limit(served: Serving) -> None:
    answer = await raw_call(served.address, ECHO, [MESSAGE[:7]], (*GRPC, ("grpc-timeout", "200m")), end=False)
    assert answer.ended
    assert answer.code == grpc.StatusCode.DEADLINE_EXCEEDED.value[0] or answer.reset is not None


async def test_what_is_not_grpc_is_refused(served: Serving) -> None:
    answer = await raw_call(served.address, ECHO, [b"{}"], [("content-type", "application/json")])
    assert answer.headers.get(":status") == "415" or (served.transport == "grpcio" and answer.reset is not None)
