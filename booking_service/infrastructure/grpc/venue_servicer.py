"""VenueService."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from booking_service.application import venue_commands as commands
from booking_service.application.ports import VenueReader
from booking_service.domain.errors import HallNotFound, VenueNotFound
from booking_service.domain.venues import Hall, Layout, Venue, layout_of
from booking_service.infrastructure.grpc.names import id_of, ids_of
from booking_service.infrastructure.grpc.translate import hall_message, seat_from, venue_message
from booking_service.infrastructure.postgres.unit_of_work import BookingUnitOfWork
from mesh import paging
from mesh.call import Call
from mesh.field_masks import changed_fields
from mesh.ids import uuid7
from mesh.postgres.idempotency import once
from reelmesh.booking.v1 import venue_service_pb2 as pb


class VenueServicer:
    """`reelmesh.booking.v1.VenueService`. `clock` gives the time in UTC, `new_id` the last part of a name."""

    def __init__(
        self,
        unit_of_work: Callable[[], BookingUnitOfWork],
        venues: VenueReader,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = uuid7,
    ) -> None:
        self._unit_of_work, self._venues, self._clock, self._new_id = unit_of_work, venues, clock, new_id

    async def CreateVenue(self, request: pb.CreateVenueRequest, call: Call) -> pb.CreateVenueResponse:
        now, given = self._clock(), request.venue
        venue = Venue(
            venue=request.venue_id or self._new_id(),
            title=given.title,
            address=given.address,
            region_code=given.region_code,
            time_zone=given.time_zone,
            create_time=now,
            update_time=now,
        )

        async def effect(uow: BookingUnitOfWork) -> pb.CreateVenueResponse:
            return pb.CreateVenueResponse(venue=venue_message(await commands.create_venue(uow, venue)))

        return await once(self._unit_of_work, call, request, pb.CreateVenueResponse, effect)

    async def GetVenue(self, request: pb.GetVenueRequest, call: Call) -> pb.GetVenueResponse:
        venue = await self._venues.venue(id_of(request.name))
        if venue is None:
            raise VenueNotFound(id_of(request.name))
        return pb.GetVenueResponse(venue=venue_message(venue))

    async def ListVenues(self, request: pb.ListVenuesRequest, call: Call) -> pb.ListVenuesResponse:
        size, after = paging.page_size(request.page_size), paging.decode(request, (str,))
        rows = await self._venues.venues(size + 1, str(after[0]) if after else "")
        token = paging.encode((rows[size - 1].venue,), request) if len(rows) > size else ""
        return pb.ListVenuesResponse(venues=map(venue_message, rows[:size]), next_page_token=token)

    async def UpdateVenue(self, request: pb.UpdateVenueRequest, call: Call) -> pb.UpdateVenueResponse:
        given = request.venue
        changes = {field: getattr(given, field) for field in changed_fields(request.update_mask, given, "venue")}

        async def effect(uow: BookingUnitOfWork) -> pb.UpdateVenueResponse:
            venue = await commands.update_venue(uow, id_of(given.name), changes, given.etag, self._clock())
            return pb.UpdateVenueResponse(venue=venue_message(venue))

        return await once(self._unit_of_work, call, request, pb.UpdateVenueResponse, effect)

    async def DeleteVenue(self, request: pb.DeleteVenueRequest, call: Call) -> pb.DeleteVenueResponse:
        async def effect(uow: BookingUnitOfWork) -> pb.DeleteVenueResponse:
            await commands.delete_venue(uow, id_of(request.name), request.etag)
            return pb.DeleteVenueResponse()

        return await once(self._unit_of_work, call, request, pb.DeleteVenueResponse, effect)

    async def CreateHall(self, request: pb.CreateHallRequest, call: Call) -> pb.CreateHallResponse:
        now, given = self._clock(), request.hall
        hall = Hall(
            venue=id_of(request.parent),
            hall=request.hall_id or self._new_id(),
            title=given.title,
            layout=layout_of(self._new_id(), [seat_from(seat) for seat in given.seats], given.leave_no_single_seat),
            create_time=now,
            update_time=now,
        )

        async def effect(uow: BookingUnitOfWork) -> pb.CreateHallResponse:
            return pb.CreateHallResponse(hall=hall_message(await commands.create_hall(uow, hall)))

        return await once(self._unit_of_work, call, request, pb.CreateHallResponse, effect)

    async def GetHall(self, request: pb.GetHallRequest, call: Call) -> pb.GetHallResponse:
        venue, hall_id = ids_of(request.name)
        hall = await self._venues.hall(venue, hall_id)
        if hall is None:
            raise HallNotFound(venue, hall_id)
        return pb.GetHallResponse(hall=hall_message(hall))

    async def ListHalls(self, request: pb.ListHallsRequest, call: Call) -> pb.ListHallsResponse:
        size, after = paging.page_size(request.page_size), paging.decode(request, (str,))
        rows = await self._venues.halls(id_of(request.parent), size + 1, str(after[0]) if after else "")
        token = paging.encode((rows[size - 1].hall,), request) if len(rows) > size else ""
        return pb.ListHallsResponse(halls=map(hall_message, rows[:size]), next_page_token=token)

    async def UpdateHall(self, request: pb.UpdateHallRequest, call: Call) -> pb.UpdateHallResponse:
        given = request.hall
        fields = changed_fields(request.update_mask, given, "hall")
        title = given.title if "title" in fields else None
        seats, layout_id = [seat_from(seat) for seat in given.seats], self._new_id()

        def new_layout(layout: Layout) -> Layout:
            rule = given.leave_no_single_seat if "leave_no_single_seat" in fields else layout.leave_no_single_seat
            after = layout_of(layout_id, seats if "seats" in fields else layout.seats, rule)
            return layout if replace(after, layout=layout.layout) == layout else after

        async def effect(uow: BookingUnitOfWork) -> pb.UpdateHallResponse:
            hall = await commands.update_hall(uow, *ids_of(given.name), title, new_layout, given.etag, self._clock())
            return pb.UpdateHallResponse(hall=hall_message(hall))

        return await once(self._unit_of_work, call, request, pb.UpdateHallResponse, effect)

    async def DeleteHall(self, request: pb.DeleteHallRequest, call: Call) -> pb.DeleteHallResponse:
        async def effect(uow: BookingUnitOfWork) -> pb.DeleteHallResponse:
            await commands.delete_hall(uow, *ids_of(request.name), request.etag)
            return pb.DeleteHallResponse()

        return await once(self._unit_of_work, call, request, pb.DeleteHallResponse, effect)
