"""PlaylistService."""

from collections.abc import Callable
from datetime import UTC, datetime

from library_service.application import playlist_commands as commands
from library_service.application.ports import Catalogue, EntryPosition, PlaylistReader
from library_service.domain.errors import EntryFollowsItself
from library_service.domain.playlists import Playlist
from library_service.infrastructure.clients.movies import RemoteMovies
from library_service.infrastructure.grpc.callers import owner, reader
from library_service.infrastructure.grpc.names import entry_ids_of, ids_of, user_of
from library_service.infrastructure.grpc.pages import with_cards
from library_service.infrastructure.grpc.translate import entry_message, playlist_message, visibility_from
from library_service.infrastructure.postgres.unit_of_work import LibraryUnitOfWork
from mesh import paging
from mesh.call import Call, calling_user
from mesh.field_masks import changed_fields
from mesh.ids import uuid7
from mesh.paging import cut, time_position
from mesh.postgres.idempotency import once
from reelmesh.library.v1 import playlist_service_pb2 as pb


class PlaylistServicer:
    """`reelmesh.library.v1.PlaylistService`. `clock` gives the time in UTC, `new_id` the last part of a name."""

    def __init__(
        self,
        unit_of_work: Callable[[], LibraryUnitOfWork],
        playlists: PlaylistReader,
        catalogue: Catalogue,
        movies: RemoteMovies,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = uuid7,
    ) -> None:
        self._unit_of_work, self._playlists, self._catalogue, self._movies = unit_of_work, playlists, catalogue, movies
        self._clock, self._new_id = clock, new_id

    async def CreatePlaylist(self, request: pb.CreatePlaylistRequest, call: Call) -> pb.CreatePlaylistResponse:
        user, now, given = owner(request.parent, call), self._clock(), request.playlist
        playlist = Playlist(
            user=user,
            playlist=request.playlist_id or self._new_id(),  # here, so that a transaction that is run again makes the same playlist
            title=given.title,
            description=given.description,
            visibility=visibility_from(given.visibility),
            create_time=now,
            update_time=now,
        )

        async def effect(uow: LibraryUnitOfWork) -> pb.CreatePlaylistResponse:
            return pb.CreatePlaylistResponse(playlist=playlist_message(await commands.create_playlist(uow, playlist)))

        return await once(self._unit_of_work, call, request, pb.CreatePlaylistResponse, effect)

    async def GetPlaylist(self, request: pb.GetPlaylistRequest, call: Call) -> pb.GetPlaylistResponse:
        return pb.GetPlaylistResponse(playlist=playlist_message(await self._readable(request.name, call)))

    async def ListPlaylists(self, request: pb.ListPlaylistsRequest, call: Call) -> pb.ListPlaylistsResponse:
        user, size = user_of(request.parent), paging.page_size(request.page_size)
        public_only = not reader(call).owns(user)
        rows = await self._playlists.of_user(user, public_only, size + 1, time_position(request))
        page, token = cut(rows, size, request, lambda playlist: (playlist.create_time, playlist.playlist))
        return pb.ListPlaylistsResponse(playlists=map(playlist_message, page), next_page_token=token)

    async def UpdatePlaylist(self, request: pb.UpdatePlaylistRequest, call: Call) -> pb.UpdatePlaylistResponse:
        given, user = request.playlist, owner(request.playlist.name, call)
        fields = changed_fields(request.update_mask, given, "playlist")
        changes = {field: getattr(given, field) for field in fields}
        if "visibility" in changes:
            changes["visibility"] = visibility_from(given.visibility)

        async def effect(uow: LibraryUnitOfWork) -> pb.UpdatePlaylistResponse:
            playlist_id = ids_of(given.name)[1]
            playlist = await commands.update_playlist(uow, user, playlist_id, changes, given.etag, self._clock())
            return pb.UpdatePlaylistResponse(playlist=playlist_message(playlist))

        return await once(self._unit_of_work, call, request, pb.UpdatePlaylistResponse, effect)

    async def DeletePlaylist(self, request: pb.DeletePlaylistRequest, call: Call) -> pb.DeletePlaylistResponse:
        user = owner(request.name, call)

        async def effect(uow: LibraryUnitOfWork) -> pb.DeletePlaylistResponse:
            await commands.delete_playlist(uow, user, ids_of(request.name)[1], request.etag)
            return pb.DeletePlaylistResponse()

        return await once(self._unit_of_work, call, request, pb.DeletePlaylistResponse, effect)

    async def AddToPlaylist(self, request: pb.AddToPlaylistRequest, call: Call) -> pb.AddToPlaylistResponse:
        owner(request.name, call)
        user, playlist_id, movie_id = entry_ids_of(request.name)
        movie = await self._catalogue.require(movie_id)  # before the transaction: nothing remote waits inside one

        async def effect(uow: LibraryUnitOfWork) -> pb.AddToPlaylistResponse:
            entry = await commands.add_to_playlist(uow, user, playlist_id, movie, self._clock())
            return pb.AddToPlaylistResponse(entry=entry_message(entry))

        return await once(self._unit_of_work, call, request, pb.AddToPlaylistResponse, effect)

    async def MovePlaylistEntry(self, request: pb.MovePlaylistEntryRequest, call: Call) -> pb.MovePlaylistEntryResponse:
        owner(request.name, call)
        user, playlist_id, movie_id = entry_ids_of(request.name)
        after = _other_entry(request) if request.after else ""

        async def effect(uow: LibraryUnitOfWork) -> pb.MovePlaylistEntryResponse:
            return pb.MovePlaylistEntryResponse(entry=entry_message(await commands.move_entry(uow, user, playlist_id, movie_id, after)))

        return await once(self._unit_of_work, call, request, pb.MovePlaylistEntryResponse, effect)

    async def RemoveFromPlaylist(self, request: pb.RemoveFromPlaylistRequest, call: Call) -> pb.RemoveFromPlaylistResponse:
        owner(request.name, call)

        async def effect(uow: LibraryUnitOfWork) -> pb.RemoveFromPlaylistResponse:
            entry = await commands.remove_from_playlist(uow, *entry_ids_of(request.name))
            return pb.RemoveFromPlaylistResponse(entry=entry_message(entry))

        return await once(self._unit_of_work, call, request, pb.RemoveFromPlaylistResponse, effect)

    async def ListPlaylistEntries(self, request: pb.ListPlaylistEntriesRequest, call: Call) -> pb.ListPlaylistEntriesResponse:
        size, begin = paging.page_size(request.page_size), paging.decode(request, (int, int, str))
        after = None if begin is None else EntryPosition(int(begin[0] or 0), int(begin[1] or 0), str(begin[2]))
        playlist = await self._readable(request.parent, call)
        rows, dealt = await self._playlists.entries(playlist.user, playlist.playlist, size + 1, after)
        page, token = rows[:size], ""
        if len(rows) > size:
            token = paging.encode((page[-1].rank, dealt, page[-1].movie.movie), request)
        entries, away = await with_cards([entry_message(entry) for entry in page], self._movies, call)
        return pb.ListPlaylistEntriesResponse(entries=entries, next_page_token=token, unavailable_parts=away)

    async def FollowPlaylist(self, request: pb.FollowPlaylistRequest, call: Call) -> pb.FollowPlaylistResponse:
        follower = reader(call, calling_user(call))

        async def effect(uow: LibraryUnitOfWork) -> pb.FollowPlaylistResponse:
            playlist = await commands.follow_playlist(uow, *ids_of(request.name), follower)
            return pb.FollowPlaylistResponse(playlist=playlist_message(playlist))

        return await once(self._unit_of_work, call, request, pb.FollowPlaylistResponse, effect)

    async def UnfollowPlaylist(self, request: pb.UnfollowPlaylistRequest, call: Call) -> pb.UnfollowPlaylistResponse:
        follower = reader(call, calling_user(call))

        async def effect(uow: LibraryUnitOfWork) -> pb.UnfollowPlaylistResponse:
            playlist = await commands.unfollow_playlist(uow, *ids_of(request.name), follower)
            return pb.UnfollowPlaylistResponse(playlist=playlist_message(playlist))

        return await once(self._unit_of_work, call, request, pb.UnfollowPlaylistResponse, effect)

    async def ListFollowedPlaylists(self, request: pb.ListFollowedPlaylistsRequest, call: Call) -> pb.ListFollowedPlaylistsResponse:
        user, size = owner(request.parent, call), paging.page_size(request.page_size)
        rows = await self._playlists.followed(user, size + 1, time_position(request))
        page, token = cut(rows, size, request, lambda each: (each.follow_time, each.row_id))
        return pb.ListFollowedPlaylistsResponse(playlists=[playlist_message(each.playlist) for each in page], next_page_token=token)

    async def _readable(self, name: str, call: Call) -> Playlist:
        user, playlist_id = ids_of(name)
        return commands.readable(await self._playlists.playlist(user, playlist_id), user, playlist_id, reader(call))


def _other_entry(request: pb.MovePlaylistEntryRequest) -> str:
    """The id of the movie of `after`."""
    if request.after == request.name or entry_ids_of(request.after)[:2] != entry_ids_of(request.name)[:2]:
        raise EntryFollowsItself
    return entry_ids_of(request.after)[2]
