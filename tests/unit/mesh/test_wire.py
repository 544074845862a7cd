"""gRPC's framing of the Envoy transport."""

import itertools

import pytest
from google.rpc import status_pb2
from hypothesis import given
from hypothesis import strategies as st

from mesh.handlers import CallFailed
from mesh.transport.envoy.wire import Deframer, framed, seconds_of, status_headers, status_of, timeout_of


@given(st.lists(st.binary(max_size=3000), max_size=8), st.lists(st.integers(0, 9000), max_size=12), st.booleans())
def test_messages_survive_any_cut_of_the_body(messages: list[bytes], cuts: list[int], gzip: bool) -> None:
    body = b"".join(framed(message, gzip=gzip) for message in messages)
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    deframer, found = Deframer(b"gzip" if gzip else None), []
    for start, end in itertools.pairwise(edges):
        deframer.feed(body[start:end])
        while (message := deframer.take()) is not None:
            found.append(message)
    deframer.finish()
    assert found == messages


@given(st.integers(1, 16), st.text(max_size=50), st.text(max_size=20))
def test_a_status_survives_its_trailers(code: int, message: str, url: str) -> None:
    status = status_pb2.Status(code=code, message=message)
    status.details.add(type_url=url, value=b"\0\xff")
    assert status_of({name.decode(): value.decode() for name, value in status_headers(status)}) == status


@given(st.floats(0.001, 86_400))
def test_a_time_limit_survives_its_header(seconds: float) -> None:
    assert seconds_of(timeout_of(seconds).encode()) == pytest.approx(seconds, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("timeout", [b"", b"S", b"1", b"1x", b"-1S", b"123456789S", b"1.5S"])
def test_a_malformed_time_limit_is_refused(timeout: bytes) -> None:
    with pytest.raises(CallFailed):
        seconds_of(timeout)
