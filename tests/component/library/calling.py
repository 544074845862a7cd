"""Short ways to make the calls that tests of lists make."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from reelmesh.library.v1 import favorite_service_pb2 as f
from reelmesh.library.v1 import history_service_pb2 as h
from reelmesh.library.v1 import playlist_service_pb2 as p
from reelmesh.library.v1 import transfer_service_pb2 as t
from reelmesh.library.v1 import watchlist_service_pb2 as w
from reelmesh.library.v1.favorite_service_pb2_grpc import FavoriteServiceStub
from reelmesh.library.v1.history_service_pb2_grpc import HistoryServiceStub
from reelmesh.library.v1.library_pb2 import Playlist
from reelmesh.library.v1.playlist_service_pb2_grpc import PlaylistServiceStub
from reelmesh.library.v1.transfer_service_pb2_grpc import TransferServiceStub
from reelmesh.library.v1.watchlist_service_pb2_grpc import WatchlistServiceStub
from tests.services import Metadata, token

ALICE = "users/alice"
BEST = f"{ALICE}/playlists/best"


class Library:
    """Every method of the context by its name, called as alice unless told otherwise."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        kinds: Sequence[tuple[Any, Any]] = (
            (WatchlistServiceStub, w),
            (FavoriteServiceStub, f),
            (PlaylistServiceStub, p),
            (HistoryServiceStub, h),
            (TransferServiceStub, t),
        )
        self._methods: dict[str, tuple[Any, Any]] = {}
        for stub, module in kinds:
            (service,) = module.DESCRIPTOR.services_by_name.values()
            made = stub(channel)
            for method in service.methods_by_name:
                self._methods[method] = getattr(made, method), getattr(module, f"{method}Request")

    def __getattr__(self, method: str) -> Any:
        call, kind = self._methods[method]

        def calling(*, caller: Metadata | None = None, **fields: Any) -> Any:
            return call(kind(**fields), metadata=token() if caller is None else caller)

        return calling

    def call(self, method: str, request: Any, caller: Metadata) -> Any:
        call, _ = self._methods[method]
        return call([request] if method == "ImportList" else request, metadata=caller)

    async def playlist(self, *movies: str, name: str = BEST, **fields: Any) -> Playlist:
        """With these movies in their order."""
        owner, _, playlist_id = name.rsplit("/", 2)
        made = {"title": "Best", "visibility": Playlist.VISIBILITY_PUBLIC, **fields}
        await self.CreatePlaylist(parent=owner, playlist=Playlist(**made), playlist_id=playlist_id, caller=token(owner))
        for movie in movies:
            await self.AddToPlaylist(name=f"{name}/entries/{movie}", caller=token(owner))
        found: Playlist = (await self.GetPlaylist(name=name, caller=token(owner))).playlist
        return found

    async def order(self, name: str = BEST) -> list[str]:
        """The movies of a playlist, read page by page."""
        found: list[str] = []
        page_token = ""
        while True:
            page = await self.ListPlaylistEntries(parent=name, page_size=3, page_token=page_token)
            found += [entry.movie.removeprefix("movies/") for entry in page.entries]
            page_token = page.next_page_token
            if not page_token:
                return found

    async def watched(self, movie: str, minutes: float, of: float = 100, at: datetime | None = None, **more: Any) -> Any:
        time = None if at is None else Timestamp(seconds=int(at.timestamp()))
        name, position, duration = f"{ALICE}/history/{movie}", span(minutes), span(of)
        return (await self.RecordViewing(name=name, position=position, duration=duration, view_time=time, **more)).viewing

    async def imported(self, listed: str, *messages: Sequence[str], caller: Metadata | None = None, **more: Any) -> t.ImportListResponse:
        call, kind = self._methods["ImportList"]
        requests = [kind(lines=lines, **({"list": listed, **more} if number == 0 else {})) for number, lines in enumerate(messages)]
        response: t.ImportListResponse = await call(iter(requests), metadata=token() if caller is None else caller)
        return response

    async def exported(self, listed: str, form: t.ExportListRequest.Format.ValueType = t.ExportListRequest.FORMAT_UNSPECIFIED) -> list[str]:
        call, kind = self._methods["ExportList"]
        return [line async for message in call(kind(list=listed, format=form), metadata=token()) for line in message.lines]


def span(minutes: float) -> Duration:
    message = Duration()
    message.FromTimedelta(timedelta(minutes=minutes))
    return message
