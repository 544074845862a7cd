"""Page sizes, and page tokens that are bound to the request which they continue."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from google.protobuf.message import Message

from mesh.errors import InvalidArgument, Violation

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 1_000
_DIGEST_BYTES = 12

Scalar = str | int | float | None
T = TypeVar("T")


def page_size(requested: int) -> int:
    """0 means the default; more than the maximum is the maximum (https://google.aip.dev/158)."""
    if requested < 0:
        raise InvalidArgument([Violation("page_size", "must not be negative")])
    return min(requested or DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)


def encode(values: Sequence[Scalar], request: Message) -> str:
    """An opaque token for the page after the row whose sort key is `values`."""
    body = json.dumps(list(values), separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(_digest(body, request) + body).decode().rstrip("=")


def decode(request: Message, types: Sequence[type | tuple[type, ...]]) -> tuple[Scalar, ...] | None:
    """The sort key in `request.page_token`, one value per entry of `types`; None for the first page."""
    token: str = getattr(request, "page_token")  # noqa: B009  # a Message has no such attribute to a type checker
    if not token:
        return None
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        digest, body = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:]
        if digest != _digest(body, request):
            raise ValueError("another request's token")
        values = json.loads(body)
        if len(values) != len(types) or not all(isinstance(value, kind) for value, kind in zip(values, types, strict=True)):
            raise ValueError("not the sort key of this list")
    except (ValueError, binascii.Error, TypeError) as error:
        raise InvalidArgument([Violation("page_token", "is not a token that this request returned with the same arguments")]) from error
    return tuple(values)


def position(request: Message, kind: type | tuple[type, ...]) -> tuple[Scalar, str] | None:
    """Where the page begins: a value of `kind` and an id."""
    decoded = decode(request, (kind, str))
    return None if decoded is None else (decoded[0], str(decoded[1]))


def time_position(request: Message) -> tuple[datetime, str] | None:
    """Where the page of a list in the order of time begins."""
    decoded = decode(request, (str, str))
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
    return rows[:size], encode((value.isoformat() if isinstance(value, datetime) else value, row_id), request)


def _digest(body: bytes, request: Message) -> bytes:
    # The page size may change from page to page, everything else may not.
    other = type(request)()
    other.CopyFrom(request)
    other.ClearField("page_token")
    other.ClearField("page_size")
    name = request.DESCRIPTOR.full_name.encode()
    return hashlib.blake2b(name + b"\0" + other.SerializeToString(deterministic=True) + b"\0" + body, digest_size=_DIGEST_BYTES).digest()
