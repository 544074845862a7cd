"""The smallest client that speaks gRPC: prepared frames, so that what is measured is the server and not the client.

A `grpc.aio` client uses more CPU than the server that it asks; on two cores it would be the bottleneck of every figure.
Headers go as any gRPC client sends them: whole in the first call of a connection, then as references to the HPACK table.
"""

import asyncio
import struct
from collections.abc import Callable, Sequence

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY, _WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
_END_STREAM, _ACK, _END_HEADERS = 0x1, 0x1, 0x4
_LARGEST_WINDOW = 2**31 - 1
_REFILL = 16 * 1024 * 1024  # bytes received before the connection's window is opened again
# Indexes of RFC 7541, appendix A.
_POST_HTTP = b"\x83\x86"
_NAMES = {":authority": 1, ":path": 4, "authorization": 23, "content-type": 31}
_FIRST_DYNAMIC = 62

Answered = Callable[[int, bool], None]


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def _text(value: str) -> bytes:
    octets = value.encode()
    length, size = len(octets), bytearray()
    if length < 127:
        return bytes((length,)) + octets
    size.append(127)
    length -= 127
    while length >= 128:
        size.append(length % 128 + 128)
        length //= 128
    size.append(length)
    return bytes(size) + octets


class GrpcConnection(asyncio.Protocol):
    """Asks one method. `answered(stream, ok)` is told of every answer; ok means that a message came, which errors never bring."""

    def __init__(self, authority: str, path: str, metadata: Sequence[tuple[str, str]], answered: Answered) -> None:
        headers = [
            (":path", path),
            (":authority", authority),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            ("grpc-timeout", "5S"),
            *metadata,
        ]
        self._whole = _POST_HTTP + b"".join(self._literal(name, value) for name, value in headers)
        # The newest entry of the table has the lowest index.
        self._short = _POST_HTTP + bytes(0x80 | index for index in range(_FIRST_DYNAMIC + len(headers) - 1, _FIRST_DYNAMIC - 1, -1))
        self._answered = answered
        self._transport: asyncio.Transport | None = None
        self._stream = -1
        self._received = b""
        self._with_message: set[int] = set()
        self._unacknowledged = 0
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        settings = struct.pack(">HIHI", 2, 0, 4, _LARGEST_WINDOW)  # no push; the initial window of streams
        window = struct.pack(">I", _LARGEST_WINDOW - 65_535)
        transport.write(_PREFACE + _frame(_SETTINGS, 0, 0, settings) + _frame(_WINDOW_UPDATE, 0, 0, window))

    def ask(self, message: bytes) -> int:
        """Sends one call; the stream by which its answer is known."""
        assert self._transport is not None
        self._stream += 2
        block, self._whole = self._whole or self._short, b""
        headers = _frame(_HEADERS, _END_HEADERS, self._stream, block)
        body = _frame(_DATA, _END_STREAM, self._stream, struct.pack(">BI", 0, len(message)) + message)
        self._transport.write(headers + body)
        return self._stream

    def data_received(self, data: bytes) -> None:
        buffer, at = self._received + data, 0
        while len(buffer) - at >= 9:
            length = int.from_bytes(buffer[at : at + 3], "big")
            end = at + 9 + length
            if len(buffer) < end:
                break
            kind, flags, stream = buffer[at + 3], buffer[at + 4], int.from_bytes(buffer[at + 5 : at + 9], "big")
            self._take(kind, flags, stream, buffer[at + 9 : end])
            at = end
        self._received = buffer[at:]

    def connection_lost(self, error: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        assert self._transport is not None
        if kind == _DATA:
            self._with_message.add(stream)
            self._unacknowledged += len(payload)
            if self._unacknowledged > _REFILL:
                self._transport.write(_frame(_WINDOW_UPDATE, 0, 0, struct.pack(">I", self._unacknowledged)))
                self._unacknowledged = 0
        elif kind == _SETTINGS and not flags & _ACK:
            self._transport.write(_frame(_SETTINGS, _ACK, 0, b""))
        elif kind == _PING and not flags & _ACK:
            self._transport.write(_frame(_PING, _ACK, 0, payload))
        elif kind == _GOAWAY:
            raise ConnectionError(f"the server ends the connection: {payload[8:].decode(errors='replace')}")
        if (kind in (_DATA, _HEADERS) and flags & _END_STREAM) or kind == _RST_STREAM:
            ok = stream in self._with_message and kind != _RST_STREAM
            self._with_message.discard(stream)
            self._answered(stream, ok)

    @staticmethod
    def _literal(name: str, value: str) -> bytes:
        index = _NAMES.get(name)
        return (bytes((0x40 | index,)) if index else b"\x40" + _text(name)) + _text(value)
