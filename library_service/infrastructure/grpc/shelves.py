"""What the services of the watchlist and of the favourites have in common: all but their messages."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from google.protobuf.message import Message

from library_service.application.list_commands import mark_movie, unmark_movie
from library_service.application.ports import Catalogue, MarkReader
from library_service.domain.errors import MarkNotFound
from library_service.domain.marks import Mark, Shelf
from library_service.infrastructure.grpc.callers import owner
from library_service.infrastructure.grpc.names import ids_of
from library_service.infrastructure.postgres.unit_of_work import LibraryUnitOfWork
from mesh import paging
from mesh.call import Call
from mesh.paging import cut, time_position
from mesh.postgres.idempotency import once

R = TypeVar("R", bound=Message)


class ShelfEndpoint:
    """Of one shelf. `clock` gives the time in UTC."""

    def __init__(
        self,
        shelf: Shelf,
        unit_of_work: Callable[[], LibraryUnitOfWork],
        marks: MarkReader,
        catalogue: Catalogue,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._shelf, self._unit_of_work, self._marks, self._catalogue, self._clock = shelf, unit_of_work, marks, catalogue, clock

    async def add(self, request: Message, name: str, call: Call, kind: type[R], answer: Callable[[Mark], R]) -> R:
        user, movie_id = owner(name, call), ids_of(name)[1]
        movie = await self._catalogue.require(movie_id)  # before the transaction: nothing remote waits inside one

        async def effect(uow: LibraryUnitOfWork) -> R:
            return answer(await mark_movie(uow, user, self._shelf, movie, self._clock()))

        return await once(self._unit_of_work, call, request, kind, effect)

    async def remove(self, request: Message, name: str, call: Call, kind: type[R], answer: Callable[[Mark], R]) -> R:
        user, movie_id = owner(name, call), ids_of(name)[1]

        async def effect(uow: LibraryUnitOfWork) -> R:
            return answer(await unmark_movie(uow, user, self._shelf, movie_id))

        return await once(self._unit_of_work, call, request, kind, effect)

    async def get(self, name: str, call: Call) -> Mark:
        user, movie_id = owner(name, call), ids_of(name)[1]
        mark = await self._marks.mark(user, self._shelf, movie_id)
        if mark is None:
            raise MarkNotFound(user, self._shelf.list_name, movie_id)
        return mark

    async def page(self, request: Message, parent: str, page_size: int, call: Call) -> tuple[Sequence[Mark], str]:
        """And the token of the next one."""
        user, size = owner(parent, call), paging.page_size(page_size)
        rows = await self._marks.page(user, self._shelf, size + 1, time_position(request))
        return cut(rows, size, request, lambda mark: (mark.add_time, mark.movie.movie))
