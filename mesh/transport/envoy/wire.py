"""gRPC over HTTP/2 as bytes (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md): frames, time limits, metadata, statuses."""

import base64
import binascii
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, TypeVar, overload
from urllib.parse import quote, unquote

from google.rpc import code_pb2, status_pb2

from mesh.handlers import CallFailed
from mesh.transport.port import MAX_MESSAGE_BYTES

Headers = list[tuple[bytes, bytes]]
_D = TypeVar("_D")


class TextHeaders(Protocol):
    """What a dict and pyqwest's headers have in common."""

    def get(self, name: str, default: str, /) -> str: ...


ACCEPTED_ENCODINGS = b"identity,gzip,deflate"
_WINDOW_BITS = {b"gzip": 31, b"deflate": 15}
_WORTH_COMPRESSING = 1024  # bytes
_PREFIX = 5
_KEPT = 64 * 1024  # bytes already read that may stay in a buffer before it is shortened
_SECONDS = {ord("H"): 3600.0, ord("M"): 60.0, ord("S"): 1.0, ord("m"): 1e-3, ord("u"): 1e-6, ord("n"): 1e-9}
_MAX_DIGITS = 8
_UNQUOTED = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")


def refused(code: int, message: str) -> CallFailed:
    return CallFailed(status_pb2.Status(code=code, message=message))


def framed(payload: bytes, *, gzip: bool = False) -> bytes:
    """One length-prefixed message. Small ones stay as they are. Raises CallFailed over the limit."""
    if len(payload) > MAX_MESSAGE_BYTES:
        raise refused(code_pb2.RESOURCE_EXHAUSTED, f"The message has {len(payload)} bytes, {MAX_MESSAGE_BYTES} are allowed.")
    if gzip and len(payload) >= _WORTH_COMPRESSING:
        compressor = zlib.compressobj(wbits=_WINDOW_BITS[b"gzip"])
        payload = compressor.compress(payload) + compressor.flush()
        return b"\1" + len(payload).to_bytes(4) + payload
    return b"\0" + len(payload).to_bytes(4) + payload


class Deframer:
    """The messages of a body that comes in pieces of any size. Raises CallFailed for what is no message or too large a one."""

    __slots__ = ("_at", "_buffer", "_encoding")

    def __init__(self, encoding: bytes | None) -> None:
        """`encoding` is the grpc-encoding; UNIMPLEMENTED when it is unknown."""
        if encoding is not None and encoding != b"identity" and encoding not in _WINDOW_BITS:
            raise refused(code_pb2.UNIMPLEMENTED, f"The compression {encoding.decode('latin-1')} is not known here.")
        self._encoding = encoding
        self._buffer = bytearray()
        self._at = 0

    @property
    def waiting(self) -> int:
        """Bytes that were fed and not yet taken."""
        return len(self._buffer) - self._at

    def feed(self, piece: bytes) -> None:
        self._buffer += piece

    def take(self) -> bytes | None:
        """The next message, None when it is not there as a whole."""
        buffer, at = self._buffer, self._at
        if len(buffer) - at < _PREFIX:
            return None
        length = int.from_bytes(buffer[at + 1 : at + _PREFIX])
        if buffer[at] > 1:
            raise refused(code_pb2.INTERNAL, "The request is not framed as gRPC.")
        if length > MAX_MESSAGE_BYTES:
            raise refused(code_pb2.RESOURCE_EXHAUSTED, f"The message has {length} bytes, {MAX_MESSAGE_BYTES} are allowed.")
        end = at + _PREFIX + length
        if len(buffer) < end:
            return None
        payload = bytes(memoryview(buffer)[at + _PREFIX : end])
        compressed = buffer[at]
        self._at = end
        if end == len(buffer) or end > _KEPT:
            del buffer[:end]
            self._at = 0
        return self._inflated(payload) if compressed else payload

    def finish(self) -> None:
        """Called when the body has ended."""
        if self.waiting:
            raise refused(code_pb2.INTERNAL, "The body ended in the middle of a message.")

    def _inflated(self, payload: bytes) -> bytes:
        bits = _WINDOW_BITS.get(self._encoding or b"")
        if bits is None:
            raise refused(code_pb2.INTERNAL, "A message is compressed, and no grpc-encoding says how.")
        inflater = zlib.decompressobj(bits)
        try:
            message = inflater.decompress(payload, MAX_MESSAGE_BYTES + 1)
        except zlib.error as error:
            raise refused(code_pb2.INTERNAL, "A compressed message is damaged.") from error
        if len(message) > MAX_MESSAGE_BYTES:
            raise refused(code_pb2.RESOURCE_EXHAUSTED, f"The message has more than {MAX_MESSAGE_BYTES} bytes.")
        if not inflater.eof:
            raise refused(code_pb2.INTERNAL, "A compressed message is cut off.")
        return message


def seconds_of(timeout: bytes) -> float:
    """grpc-timeout in seconds; CallFailed when it is malformed."""
    digits = timeout[:-1]
    unit = _SECONDS.get(timeout[-1]) if timeout else None
    if unit is None or not digits.isdigit() or len(digits) > _MAX_DIGITS:
        raise refused(code_pb2.INTERNAL, "The grpc-timeout is malformed.")
    return int(digits) * unit


def timeout_of(seconds: float) -> str:
    """grpc-timeout for `seconds`."""
    micros = max(1, int(seconds * 1e6))
    return f"{micros}u" if micros < 10**_MAX_DIGITS else f"{micros // 1000}m"


def status_headers(status: status_pb2.Status) -> Headers:
    headers = [(b"grpc-status", b"%d" % status.code)]
    if status.message:
        headers.append((b"grpc-message", quote(status.message, safe=_UNQUOTED).encode()))
    if status.details:
        headers.append((b"grpc-status-details-bin", _base64(status.SerializeToString())))
    return headers


def status_of(headers: TextHeaders) -> status_pb2.Status | None:
    """The status in trailers, None when there is none."""
    code = headers.get("grpc-status", "")
    if not code:
        return None
    status = status_pb2.Status(code=int(code) if code.isdigit() else code_pb2.UNKNOWN, message=unquote(headers.get("grpc-message", "")))
    details = headers.get("grpc-status-details-bin", "")
    if details:
        packed = status_pb2.Status.FromString(unbase64(details.encode()))
        status.details.extend(packed.details)
    return status


def metadata_headers(pairs: Iterable[tuple[str, str | bytes]]) -> Iterator[tuple[bytes, bytes]]:
    for name, value in pairs:
        yield name.encode(), _base64(value) if isinstance(value, bytes) else value.encode("latin-1")


class TextMetadata(Mapping[str, str]):
    """The text metadata among the headers of a request, decoded when it is asked for."""

    __slots__ = ("_headers",)

    def __init__(self, headers: Mapping[bytes, bytes]) -> None:
        self._headers = headers

    def __getitem__(self, name: str) -> str:
        if name.endswith("-bin"):
            raise KeyError(name)
        return self._headers[name.encode()].decode("latin-1")

    @overload
    def get(self, name: str, default: None = None, /) -> str | None: ...
    @overload
    def get(self, name: str, default: _D, /) -> str | _D: ...
    def get(self, name: str, default: object = None, /) -> object:
        """Without the exception that Mapping's own goes through: most of what is asked for is not there."""
        value = self._headers.get(name.encode())
        return default if value is None or name.endswith("-bin") else value.decode("latin-1")

    def __iter__(self) -> Iterator[str]:
        return (name.decode() for name in self._headers if not name.endswith(b"-bin"))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class BinaryMetadata(Mapping[str, bytes]):
    """The binary metadata among the headers of a request. Raises CallFailed when a value is not base64."""

    __slots__ = ("_headers",)

    def __init__(self, headers: Mapping[bytes, bytes]) -> None:
        self._headers = headers

    def __getitem__(self, name: str) -> bytes:
        if not name.endswith("-bin"):
            raise KeyError(name)
        return unbase64(self._headers[name.encode()])

    def __iter__(self) -> Iterator[str]:
        return (name.decode() for name in self._headers if name.endswith(b"-bin"))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def unbase64(value: bytes) -> bytes:
    try:
        return base64.b64decode(value + b"=" * (-len(value) % 4), validate=True)
    except binascii.Error as error:
        raise refused(code_pb2.INTERNAL, "Binary metadata is not base64.") from error


def _base64(value: bytes) -> bytes:
    return base64.b64encode(value).rstrip(b"=")
