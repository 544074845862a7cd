"""ShowtimeService."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from booking_service.application import showtime_commands as commands
from booking_service.application.ports import Catalogue, Programme, ShowtimeReader, VenueReader
from booking_service.application.showtime_cancelling import cancel_showtime
from booking_service.domain.errors import FieldsWrong, HallNotFound, ShowtimeNotFound
from booking_service.domain.showtimes import Showtime, require_terms
from booking_service.infrastructure.grpc.callers import change_of
from booking_service.infrastructure.grpc.names import id_of, ids_of
from booking_service.infrastructure.grpc.translate import format_from, prices_from, seat_map_message, showtime_message
from booking_service.infrastructure.postgres.unit_of_work import BookingUnitOfWork
from mesh import paging
from mesh.call import Call
from mesh.field_masks import changed_fields
from mesh.ids import uuid7
from mesh.paging import cut, time_position
from mesh.postgres.idempotency import once
from mesh.timestamps import moment
from reelmesh.booking.v1 import showtime_pb2
from reelmesh.booking.v1 import showtime_service_pb2 as pb

_SPAN = timedelta(days=14)


class ShowtimeServicer:
    """`reelmesh.booking.v1.ShowtimeService`. `wake` hurries whoever gives the money
    back; `clock` gives the time in UTC, `new_id` the last part of a name."""

    def __init__(
        self,
        unit_of_work: Callable[[], BookingUnitOfWork],
        showtimes: ShowtimeReader,
        venues: VenueReader,
        catalogue: Catalogue,
        wake: Callable[[], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = uuid7,
    ) -> None:
        self._unit_of_work, self._showtimes, self._venues, self._catalogue = unit_of_work, showtimes, venues, catalogue
        self._wake, self._clock, self._new_id = wake, clock, new_id

    async def CreateShowtime(self, request: pb.CreateShowtimeRequest, call: Call) -> pb.CreateShowtimeResponse:
        now, given, (venue, hall_id) = self._clock(), request.showtime, ids_of(request.showtime.hall)
        prices, hall = prices_from(given.prices), await self._venues.hall(venue, hall_id)
        if hall is None:
            raise HallNotFound(venue, hall_id)
        showtime = Showtime(
            showtime=request.showtime_id or self._new_id(),
            movie=id_of(given.movie),
            venue=venue,
            hall=hall_id,
            layout=hall.layout.layout,
            seat_count=len(hall.layout.seats),
            start_time=moment(given.start_time),
            end_time=moment(given.end_time),
            language_code=given.language_code,
            format=format_from(given.format),
            prices=prices,
            create_time=now,
            update_time=now,
        )
        require_terms(showtime.start_time, showtime.end_time, prices, hall.layout)
        await self._catalogue.require(showtime.movie)  # before the transaction: nothing remote waits inside one
        change = change_of(call)

        async def effect(uow: BookingUnitOfWork) -> pb.CreateShowtimeResponse:
            return pb.CreateShowtimeResponse(showtime=showtime_message(await commands.create_showtime(uow, showtime, change)))

        return await once(self._unit_of_work, call, request, pb.CreateShowtimeResponse, effect)

    async def GetShowtime(self, request: pb.GetShowtimeRequest, call: Call) -> pb.GetShowtimeResponse:
        found = await self._showtimes.showtime(id_of(request.name))
        if found is None:
            raise ShowtimeNotFound(id_of(request.name))
        return pb.GetShowtimeResponse(showtime=showtime_message(found[0]))

    async def ListShowtimes(self, request: pb.ListShowtimesRequest, call: Call) -> pb.ListShowtimesResponse:
        if not request.movie and not request.venue:
            raise FieldsWrong([("movie", "is required, or a venue"), ("venue", "is required, or a movie")])
        size, position = paging.page_size(request.page_size), time_position(request)
        # Pages after the first go on from a showtime; "now" may have moved meanwhile.
        begin = moment(request.start_from) if request.HasField("start_from") else position[0] if position else self._clock()
        end = moment(request.start_before) if request.HasField("start_before") else begin + _SPAN
        programme = Programme(
            movie=id_of(request.movie) if request.movie else "",
            venue=id_of(request.venue) if request.venue else "",
            start_from=begin,
            start_before=end,
        )
        rows = await self._showtimes.page(programme, size + 1, position)
        page, token = cut(rows, size, request, lambda showtime: (showtime.start_time, showtime.showtime))
        return pb.ListShowtimesResponse(showtimes=map(showtime_message, page), next_page_token=token)

    async def UpdateShowtime(self, request: pb.UpdateShowtimeRequest, call: Call) -> pb.UpdateShowtimeResponse:
        given, change = request.showtime, change_of(call)
        changes = _changes(given, changed_fields(request.update_mask, given, "showtime"))
        if "movie" in changes:
            await self._catalogue.require(changes["movie"])

        async def effect(uow: BookingUnitOfWork) -> pb.UpdateShowtimeResponse:
            showtime = await commands.update_showtime(uow, id_of(given.name), changes, given.etag, self._clock(), change)
            return pb.UpdateShowtimeResponse(showtime=showtime_message(showtime))

        return await once(self._unit_of_work, call, request, pb.UpdateShowtimeResponse, effect)

    async def DeleteShowtime(self, request: pb.DeleteShowtimeRequest, call: Call) -> pb.DeleteShowtimeResponse:
        change = change_of(call)

        async def effect(uow: BookingUnitOfWork) -> pb.DeleteShowtimeResponse:
            await commands.delete_showtime(uow, id_of(request.name), request.etag, change)
            return pb.DeleteShowtimeResponse()

        return await once(self._unit_of_work, call, request, pb.DeleteShowtimeResponse, effect)

    async def CancelShowtime(self, request: pb.CancelShowtimeRequest, call: Call) -> pb.CancelShowtimeResponse:
        change = change_of(call)

        async def effect(uow: BookingUnitOfWork) -> pb.CancelShowtimeResponse:
            canceled = await cancel_showtime(uow, id_of(request.name), request.etag, self._clock(), change)
            return pb.CancelShowtimeResponse(showtime=showtime_message(canceled))

        answer = await once(self._unit_of_work, call, request, pb.CancelShowtimeResponse, effect)
        self._wake()
        return answer

    async def GetSeatMap(self, request: pb.GetSeatMapRequest, call: Call) -> pb.GetSeatMapResponse:
        seats = await self._showtimes.seats(id_of(request.name))
        if seats is None:
            raise ShowtimeNotFound(id_of(request.name))
        return pb.GetSeatMapResponse(seat_map=seat_map_message(id_of(request.name), seats))


def _changes(given: showtime_pb2.Showtime, fields: frozenset[str]) -> dict[str, Any]:
    """As the domain has them."""
    read: dict[str, Callable[[], Any]] = {
        "movie": lambda: id_of(given.movie),
        "start_time": lambda: moment(given.start_time),
        "end_time": lambda: moment(given.end_time),
        "language_code": lambda: given.language_code,
        "format": lambda: format_from(given.format),
        "prices": lambda: prices_from(given.prices),
    }
    return {field: read[field]() for field in fields}
