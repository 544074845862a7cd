"""TransferService: lists from and to CSV files."""

from collections.abc import AsyncIterator

from library_service.application.importing import ListName
from library_service.application.playlist_commands import readable
from library_service.application.ports import MarkReader, PlaylistReader, ViewingReader
from library_service.application.whole_lists import whole_history, whole_playlist, whole_shelf
from library_service.domain.csv_writing import Format, ListedMovie, ListWriter
from library_service.infrastructure.grpc.callers import owner, reader
from library_service.infrastructure.grpc.importing import ListImport
from library_service.infrastructure.grpc.names import list_of
from mesh.call import Call
from reelmesh.library.v1.transfer_service_pb2 import ExportListRequest, ExportListResponse, ImportListRequest, ImportListResponse


class TransferServicer:
    """`reelmesh.library.v1.TransferService`."""

    def __init__(self, importing: ListImport, marks: MarkReader, viewings: ViewingReader, playlists: PlaylistReader) -> None:
        self._importing, self._marks, self._viewings, self._playlists = importing, marks, viewings, playlists

    async def ImportList(self, requests: AsyncIterator[ImportListRequest], call: Call) -> ImportListResponse:
        return await self._importing.run(requests, call)

    async def ExportList(self, request: ExportListRequest, call: Call) -> AsyncIterator[ExportListResponse]:
        owner(request.list, call)
        listed = list_of(request.list)
        if listed.playlist:
            readable(await self._playlists.playlist(listed.user, listed.playlist), listed.user, listed.playlist, reader(call))
        writer = ListWriter(Format(request.format or Format.LETTERBOXD.value), watched=listed.is_history)
        yield ExportListResponse(lines=[writer.header])
        async for page in self._pages(listed):
            yield ExportListResponse(lines=map(writer.line, page))

    async def _pages(self, listed: ListName) -> AsyncIterator[list[ListedMovie]]:
        if listed.shelf is not None:
            async for marks in whole_shelf(self._marks, listed.user, listed.shelf):
                yield [ListedMovie(mark.movie, mark.add_time) for mark in marks]
        elif listed.is_history:
            async for viewings in whole_history(self._viewings, listed.user):
                yield [ListedMovie(viewing.movie, viewing.view_time) for viewing in viewings]
        else:
            async for entries in whole_playlist(self._playlists, listed.user, listed.playlist):
                yield [ListedMovie(entry.movie, entry.add_time) for entry in entries]
