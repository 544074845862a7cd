"""Who calls, as far as lists ask: their owner, or a reader of a playlist."""

from library_service.domain.playlists import Reader
from library_service.infrastructure.grpc.names import user_name, user_of
from mesh.call import Call


def owner(name: str, call: Call) -> str:
    """The id of the user whose list `name` is or is on. PermissionDenied for other callers, before anything is looked up."""
    user = user_of(name)
    call.principal.require_owner(user_name(user))
    return user


def reader(call: Call, user: str | None = None) -> Reader:
    subject = call.principal.subject
    return Reader(subject.removeprefix("users/") if user is None else user, call.principal.has("ADMIN"))
