"""BookingService."""

from collections.abc import Callable, Sequence

from booking_service.application import hold_commands as commands
from booking_service.application.ports import BookingReader, ShowtimeReader, Wanted
from booking_service.domain.bookings import HoldRules, tickets_for
from booking_service.domain.errors import BookingNotFound, FieldsWrong, SeatsTaken, ShowtimeNotFound
from booking_service.domain.showtimes import TicketType
from booking_service.infrastructure.grpc.callers import booker, change_of
from booking_service.infrastructure.grpc.names import id_of, ids_of
from booking_service.infrastructure.grpc.paying import PaymentEndpoint
from booking_service.infrastructure.grpc.translate import booking_message
from booking_service.infrastructure.postgres.payments import PostgresPaymentReader
from booking_service.infrastructure.postgres.unit_of_work import BookingUnitOfWork
from mesh import paging
from mesh.call import Call
from mesh.ids import uuid7
from mesh.paging import cut, time_position
from mesh.postgres.idempotency import once
from reelmesh.booking.v1 import booking_service_pb2 as pb


class BookingServicer:
    """`reelmesh.booking.v1.BookingService`. `new_id` gives the last part of a name; times are the database's."""

    def __init__(
        self,
        unit_of_work: Callable[[], BookingUnitOfWork],
        bookings: BookingReader,
        showtimes: ShowtimeReader,
        rules: HoldRules,
        payments: PostgresPaymentReader,
        paying: PaymentEndpoint,
        new_id: Callable[[], str] = uuid7,
    ) -> None:
        self._unit_of_work, self._bookings, self._showtimes = unit_of_work, bookings, showtimes
        self._rules, self._payments, self._paying, self._new_id = rules, payments, paying, new_id

    async def HoldSeats(self, request: pb.HoldSeatsRequest, call: Call) -> pb.HoldSeatsResponse:
        user, showtime_id, choices = booker(request.parent, call), id_of(request.showtime), _choices(request.seats)
        found = await self._showtimes.showtime(showtime_id)
        if found is None:
            raise ShowtimeNotFound(showtime_id)
        showtime, layout = found
        wanted = Wanted(
            user=user,
            booking=request.booking_id or self._new_id(),
            showtime=showtime_id,
            tickets=tickets_for(showtime, layout, choices),
            currency=showtime.prices.currency,
            change=change_of(call),
        )
        # Most who come too late are told so before they lock anything. With a request id they may be asking for what they have already.
        if not request.request_id and (taken := await self._bookings.taken_of(showtime_id, sorted(choices))):
            raise SeatsTaken(showtime_id, taken)

        async def effect(uow: BookingUnitOfWork) -> pb.HoldSeatsResponse:
            booking = await commands.hold_seats(uow, wanted, showtime, layout, self._rules)
            return pb.HoldSeatsResponse(booking=booking_message(booking))

        return await once(self._unit_of_work, call, request, pb.HoldSeatsResponse, effect)

    async def ExtendHold(self, request: pb.ExtendHoldRequest, call: Call) -> pb.ExtendHoldResponse:
        booker(request.name, call)
        change = change_of(call)

        async def effect(uow: BookingUnitOfWork) -> pb.ExtendHoldResponse:
            booking = await commands.extend_hold(uow, *ids_of(request.name), self._rules, change)
            return pb.ExtendHoldResponse(booking=booking_message(booking))

        return await once(self._unit_of_work, call, request, pb.ExtendHoldResponse, effect)

    async def ReleaseHold(self, request: pb.ReleaseHoldRequest, call: Call) -> pb.ReleaseHoldResponse:
        booker(request.name, call)
        change = change_of(call)

        async def effect(uow: BookingUnitOfWork) -> pb.ReleaseHoldResponse:
            return pb.ReleaseHoldResponse(booking=booking_message(await commands.release_hold(uow, *ids_of(request.name), change)))

        return await once(self._unit_of_work, call, request, pb.ReleaseHoldResponse, effect)

    async def ConfirmBooking(self, request: pb.ConfirmBookingRequest, call: Call) -> pb.ConfirmBookingResponse:
        return await self._paying.confirm(request, call)

    async def CancelBooking(self, request: pb.CancelBookingRequest, call: Call) -> pb.CancelBookingResponse:
        return await self._paying.cancel(request, call)

    async def GetBooking(self, request: pb.GetBookingRequest, call: Call) -> pb.GetBookingResponse:
        booker(request.name, call)
        booking = await self._bookings.booking(*ids_of(request.name))
        if booking is None:
            raise BookingNotFound(*ids_of(request.name))
        payments = await self._payments.last_of_each(booking.user, [booking.booking])
        return pb.GetBookingResponse(booking=booking_message(booking, payments.get(booking.booking)))

    async def ListBookings(self, request: pb.ListBookingsRequest, call: Call) -> pb.ListBookingsResponse:
        user, size = booker(request.parent, call), paging.page_size(request.page_size)
        rows = await self._bookings.page(user, size + 1, time_position(request))
        page, token = cut(rows, size, request, lambda booking: (booking.create_time, booking.booking))
        payments = await self._payments.last_of_each(user, [booking.booking for booking in page])
        bookings = [booking_message(booking, payments.get(booking.booking)) for booking in page]
        return pb.ListBookingsResponse(bookings=bookings, next_page_token=token)


def _choices(given: Sequence[pb.SeatChoice]) -> dict[str, TicketType]:
    """Raises FieldsWrong, with all that is wrong."""
    choices: dict[str, TicketType] = {}
    flaws = []
    for index, choice in enumerate(given):
        if choice.seat in choices:
            flaws.append((f"seats[{index}].seat", "occurs twice"))
        choices[choice.seat] = TicketType(choice.ticket_type)
    if flaws:
        raise FieldsWrong(flaws)
    return choices
