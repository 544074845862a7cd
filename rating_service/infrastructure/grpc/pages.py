"""A page of a list: one row more than asked for tells whether there is another page."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from google.protobuf.message import Message

from mesh import paging
from mesh.errors import InvalidArgument, Violation

T = TypeVar("T")


def position(request: Message, kind: type | tuple[type, ...]) -> tuple[paging.Scalar, str] | None:
    """Where the page begins: a value of `kind` and an id."""
    decoded = paging.decode(request, (kind, str))
    return None if decoded is None else (decoded[0], str(decoded[1]))


def time_position(request: Message) -> tuple[datetime, str] | None:
    """Where the page of a list in the order of time begins."""
    decoded = paging.decode(request, (str, str))
    if decoded is None:
        return None
    try:
        return datetime.fromisoformat(str(decoded[0])), str(decoded[1])
    except ValueError as error:  # made by hand: ours carry a time
        raise InvalidArgument([Violation("page_token", "is not a token that this request returned")]) from error


def cut(rows: Sequence[T], size: int, request: Message, key: Callable[[T], tuple[datetime | float, str]]) -> tuple[Sequence[T], str]:
    """The page of `size` out of `size + 1` rows, and the token of the next one, empty on the last."""
    if len(rows) <= size:
        return rows, ""
    value, row_id = key(rows[size - 1])
    return rows[:size], paging.encode((value.isoformat() if isinstance(value, datetime) else value, row_id), request)
