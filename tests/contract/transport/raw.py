"""A client that sends what no gRPC client would."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events

from mesh.settings import host_and_port

GRPC = (("content-type", "application/grpc"), ("te", "trailers"))


@dataclass
class RawAnswer:
    """`headers` are those of the head and the trailers together."""

    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    ended: bool = False
    reset: int | None = None

    @property
    def code(self) -> int | None:
        found = self.headers.get("grpc-status")
        return None if found is None else int(found)


async def raw_call(
    address: str, path: str, pieces: Sequence[bytes], headers: Sequence[tuple[str, str]] = GRPC, *, end: bool = True, within: float = 5
) -> RawAnswer:
    """One request whose body are `pieces`, each in a DATA frame of its own; waits `within` seconds for the end of the answer."""
    reader, writer = await asyncio.open_connection(*host_and_port(address))
    connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
    connection.initiate_connection()
    pseudo = [(":method", "POST"), (":scheme", "http"), (":authority", address), (":path", path)]
    connection.send_headers(1, [*pseudo, *headers], end_stream=not pieces and end)
    for number, piece in enumerate(pieces):
        connection.send_data(1, piece, end_stream=end and number == len(pieces) - 1)
    writer.write(connection.data_to_send())
    answer = RawAnswer()
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not answer.ended:
                    received = await reader.read(65536)
                    if not received:
                        break
                    _take(answer, connection, connection.receive_data(received))
                    writer.write(connection.data_to_send())
    finally:
        writer.close()
    return answer


def _take(answer: RawAnswer, connection: h2.connection.H2Connection, happened: Sequence[h2.events.Event]) -> None:
    for event in happened:
        match event:
            case h2.events.ResponseReceived() | h2.events.TrailersReceived():
                answer.headers.update((str(name), str(value)) for name, value in event.headers or ())
            case h2.events.DataReceived():
                answer.body += event.data or b""
                connection.acknowledge_received_data(event.flow_controlled_length or 0, 1)
            case h2.events.StreamReset():
                answer.reset, answer.ended = int(event.error_code or 0), True
            case h2.events.StreamEnded():
                answer.ended = True
