"""Who calls, as far as bookings ask, and from where a change comes."""

from booking_service.domain.bookings import Change
from booking_service.infrastructure.grpc.names import id_of, user_name
from mesh.call import Call

_MOST = 200  # characters


def booker(name: str, call: Call) -> str:
    """The id of the user whose `name` is, or whose it is below. PermissionDenied for everybody but that user and the box office, before
    anything is looked up."""
    user = id_of(name)
    if not call.principal.may_act_as("BOX_OFFICE"):
        call.principal.require_owner(user_name(user))
    return user


def change_of(call: Call) -> Change:
    """The address is the last one of x-forwarded-for, which is the one that our edge saw."""
    address = call.metadata.get("x-forwarded-for", "").rpartition(",")[2].strip()[:_MOST]
    return Change(call.principal.subject, address, call.trace.trace_id)
