"""What a servicer may read and send beside the messages of its call."""

import dataclasses

import pytest

from mesh.call import ANONYMOUS, Call, Deadline, TraceContext
from mesh.handlers import Incoming

BARE = Call("/x.y.Z/Do", ANONYMOUS, Deadline(0.0), (), TraceContext("", ""))


def test_a_call_shows_the_metadata_that_came_with_it() -> None:
    call = dataclasses.replace(BARE, beside=Incoming({"x-wish": "more"}, None, "", {"x-wish-bin": b"\0"}))
    assert (call.metadata["x-wish"], call.binary_metadata["x-wish-bin"]) == ("more", b"\0")


def test_what_is_added_waits_for_the_transport() -> None:
    incoming = Incoming({}, None, "")
    call = dataclasses.replace(BARE, beside=incoming)
    call.add_leading("x-first", "1")
    call.add_trailing("x-last-bin", b"\xff")
    assert (incoming.leading, incoming.trailing) == ([("x-first", "1")], [("x-last-bin", b"\xff")])


def test_a_call_that_no_transport_brought_has_no_metadata_and_sends_none() -> None:
    BARE.add_leading("x-first", "1")
    BARE.add_trailing("x-last", "2")
    assert (BARE.metadata, BARE.binary_metadata, BARE.peer) == ({}, {}, "")


def test_a_call_says_which_process_is_at_its_other_end() -> None:
    assert dataclasses.replace(BARE, beside=Incoming({}, None, "127.0.0.1:1", identity="rating")).peer == "rating"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Upper", "1"),
        ("", "1"),
        (":path", "/"),
        ("grpc-status", "0"),
        ("x y", "1"),
        ("x-text-bin", "1"),
        ("x-bytes", b"1"),
        ("x-line", "a\r\nb: c"),
        ("x-umlaut", "ä"),
    ],
)
def test_metadata_that_no_transport_could_carry_is_refused(name: str, value: str | bytes) -> None:
    call = dataclasses.replace(BARE, beside=Incoming({}, None, ""))
    for add in (call.add_leading, call.add_trailing):
        with pytest.raises(ValueError, match="metadata"):
            add(name, value)


def test_metadata_is_not_part_of_what_a_call_is() -> None:
    brought = dataclasses.replace(BARE, beside=Incoming({"authorization": "Bearer secret"}, None, ""))
    assert brought == BARE
    assert "secret" not in repr(brought)
