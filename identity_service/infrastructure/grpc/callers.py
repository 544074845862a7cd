"""Where a call comes from, as the edge says."""

from identity_service.domain.audit import Actor
from mesh.call import Call, calling_user

_MOST = 200  # characters


def address_of(call: Call) -> str:
    """The last address of x-forwarded-for, which is the one that our edge saw; empty for a call from inside the mesh."""
    return call.metadata.get("x-forwarded-for", "").rpartition(",")[2].strip()[:_MOST]


def client_of(call: Call) -> str:
    return "".join(character for character in call.metadata.get("user-agent", "")[:_MOST] if character.isprintable())


def actor_of(call: Call) -> Actor:
    return Actor(calling_user(call), address_of(call), call.trace.trace_id)
