"""Domain events as they are published; those of one showtime keep their order, which is that of the versions of its map."""

from booking_service.domain import events
from booking_service.infrastructure.grpc.names import showtime_name
from booking_service.infrastructure.grpc.translate import booking_message, change_message, showtime_message
from mesh.postgres.outbox import OutboxMessage, outbox_message
from reelmesh.booking.v1 import events_pb2 as pb
from reelmesh.booking.v1.showtime_pb2 import SeatStatus


def encode(event: events.Event) -> OutboxMessage:
    match event:
        case events.ShowtimeScheduled(showtime):
            return outbox_message(pb.ShowtimeScheduled(showtime=showtime_message(showtime)), showtime_name(showtime.showtime))
        case events.ShowtimeUpdated(showtime):
            return outbox_message(pb.ShowtimeUpdated(showtime=showtime_message(showtime)), showtime_name(showtime.showtime))
        case events.ShowtimeDeleted(showtime):
            return outbox_message(pb.ShowtimeDeleted(showtime=showtime_message(showtime)), showtime_name(showtime.showtime))
        case events.ShowtimeCanceled(showtime, change):
            off = pb.ShowtimeCanceled(showtime=showtime_message(showtime), change=change_message(change, SeatStatus.STATE_FREE))
            return outbox_message(off, showtime_name(showtime.showtime))
        case events.BookingConfirmed(booking, change):
            confirmed = pb.BookingConfirmed(booking=booking_message(booking), change=change_message(change, SeatStatus.STATE_SOLD))
            return outbox_message(confirmed, showtime_name(booking.showtime))
        case events.BookingCanceled(booking, freed):
            canceled = pb.BookingCanceled(booking=booking_message(booking))
            if freed is not None:
                canceled.change.CopyFrom(change_message(freed, SeatStatus.STATE_FREE))
            return outbox_message(canceled, showtime_name(booking.showtime))
        case events.BookingRefunded(booking):
            return outbox_message(pb.BookingRefunded(booking=booking_message(booking)), showtime_name(booking.showtime))
        case events.HoldExtended(booking):
            return outbox_message(pb.HoldExtended(booking=booking_message(booking)), showtime_name(booking.showtime))
        case events.SeatsHeld(booking, change):
            held = pb.SeatsHeld(booking=booking_message(booking), change=change_message(change, SeatStatus.STATE_HELD))
            return outbox_message(held, showtime_name(booking.showtime))
        case events.HoldReleased(booking, change):
            released = pb.HoldReleased(booking=booking_message(booking), change=change_message(change, SeatStatus.STATE_FREE))
            return outbox_message(released, showtime_name(booking.showtime))
        case events.HoldExpired(booking, change):
            expired = pb.HoldExpired(booking=booking_message(booking), change=change_message(change, SeatStatus.STATE_FREE))
            return outbox_message(expired, showtime_name(booking.showtime))
