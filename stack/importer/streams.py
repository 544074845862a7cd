"""The RPCs of a running platform that bring data in: calls and client streams, made again as a whole when the platform was away."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from types import TracebackType
from typing import Any, Final, Protocol, TypeVar, cast

import grpc
from google.protobuf.message import Message

from reelmesh.booking.v1.showtime_service_pb2_grpc import ShowtimeServiceStub
from reelmesh.booking.v1.venue_service_pb2_grpc import VenueServiceStub
from reelmesh.metadata.v1.metadata_service_pb2_grpc import MetadataServiceStub
from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceStub
from reelmesh.rating.v1.rating_service_pb2_grpc import RatingServiceStub
from stack.errors import StackError

ROWS_PER_MESSAGE: Final = 500  # the contract's limit
_LARGEST_ANSWER: Final = 64 << 20  # bytes
_STREAM_SECONDS: Final = 600.0
_CALL_SECONDS: Final = 60.0
_BROKEN_STREAM: Final = "Internal error from Core"
_SETTLING: Final = 0.05  # seconds
_PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 5.0)  # seconds, the last one again and again

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)
T = TypeVar("T")


class Rejection(Protocol):
    """What RejectedMovie, RejectedMovieMetadata and RejectedRating have in common; `index` counts over the whole stream."""

    index: int
    name: str
    message: str


class Platform:
    """A channel to the edge. `patience` is how long, in seconds, it may be away before the import gives up."""

    def __init__(
        self, address: str, token: Callable[[], str], *, patience: float = 60.0, say: Callable[[str], None] = lambda sentence: None
    ) -> None:
        self.address = address
        self._token, self._patience, self._say = token, patience, say
        options = [("grpc.max_receive_message_length", _LARGEST_ANSWER), ("grpc.max_reconnect_backoff_ms", 2_000)]
        self._channel = grpc.aio.insecure_channel(address, options=options)
        self.movies = MovieServiceStub(self._channel)
        self.metadata = MetadataServiceStub(self._channel)
        self.ratings = RatingServiceStub(self._channel)
        self.venues = VenueServiceStub(self._channel)
        self.showtimes = ShowtimeServiceStub(self._channel)

    async def __aenter__(self) -> "Platform":
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._channel.close()

    async def ask(self, method: Callable[..., Any], request: Message, answer: type[Response]) -> Response:
        """One unary call; only for methods that may be repeated."""

        async def once() -> Response:
            return cast(Response, await method(request, metadata=self._metadata(), timeout=_CALL_SECONDS))

        return await self._patiently(once)

    async def send(self, method: Callable[..., Any], requests: AsyncIterator[Request], answer: type[Response]) -> Response:
        """One client stream, opened with the first request; no request at all is an empty answer.

        What was sent is kept until the answer, so that it can be sent again: let a stream have thousands of rows, not millions.
        gRPC's flow control paces the reading of `requests`.
        """
        sent: list[Request] = []
        broke = False

        async def replayed() -> AsyncIterator[Request]:
            for request in sent:
                yield request
            async for request in requests:
                sent.append(request)
                yield request

        async def once() -> Response:
            nonlocal broke
            call: Any = None
            try:
                async for request in replayed():
                    call = call or self._opened(method)
                    if broke:
                        await asyncio.sleep(_SETTLING)
                    await call.write(request)
                if call is None:
                    return answer()
                await call.done_writing()
                return cast(Response, await call)
            except asyncio.InvalidStateError:
                await call  # it ended under our pen: its status says why
                raise StackError(f"the platform at {self.address} ended the import before all of it was sent") from None
            except grpc.aio.AioRpcError as error:
                broke = _is_broken(error)
                raise
            except BaseException:
                if call is not None:
                    call.cancel()
                raise

        return await self._patiently(once)

    def _opened(self, method: Callable[..., Any]) -> Any:
        return method(metadata=self._metadata(), timeout=_STREAM_SECONDS)

    def _metadata(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self._token()}"),)

    async def _patiently(self, once: Callable[[], Awaitable[Response]]) -> Response:
        loop = asyncio.get_running_loop()
        limit, attempt = 0.0, 0
        while True:
            try:
                return await once()
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE and not _is_broken(error):
                    raise self._refused(error) from None
                reason = "the connection broke" if _is_broken(error) else error.details()
                now = loop.time()
                limit = limit or now + self._patience
                if now >= limit:
                    raise StackError(
                        f"the platform at {self.address} has been away for {self._patience:.0f} s ({reason}): run the same "
                        "command again when it is back, it goes on where it stopped"
                    ) from None
                if attempt == 0:
                    self._say(f"the platform at {self.address} is away ({reason}); trying again for {self._patience:.0f} s")
                pause = _PAUSES[min(attempt, len(_PAUSES) - 1)] * random.uniform(0.8, 1.2)  # noqa: S311 — spreads retries, no secret
                attempt += 1
                await asyncio.sleep(min(pause, limit - now))

    def _refused(self, error: grpc.aio.AioRpcError) -> StackError:
        code, details = error.code(), error.details()
        if code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
            return StackError(f"the platform at {self.address} does not take the token: {details}; an import needs one with the role ADMIN")
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return StackError(
                f"the platform at {self.address} did not answer in time: run the same command again, it goes on where it stopped"
            )
        return StackError(f"the platform at {self.address} refused the import: {code.name}: {details}")


def _is_broken(error: grpc.aio.AioRpcError) -> bool:
    """A write into a stream that has just ended hides the status it ended with. Sent again with pauses between the writes, the stream
    tells it, if there still is something to tell."""
    return error.code() is grpc.StatusCode.INTERNAL and error.details() == _BROKEN_STREAM


async def in_messages(rows: Iterable[T], message: Callable[[list[T]], Request]) -> AsyncIterator[Request]:
    """`rows` in messages as large as the contract allows."""
    batch: list[T] = []
    for row in rows:
        batch.append(row)
        if len(batch) == ROWS_PER_MESSAGE:
            yield message(batch)
            batch = []
    if batch:
        yield message(batch)
