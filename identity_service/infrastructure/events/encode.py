"""Domain events as they are published, with the key that keeps them in order."""

from identity_service.domain import events
from identity_service.domain.accounts import Profile
from identity_service.domain.sessions import EndReason
from identity_service.infrastructure.grpc.names import erasure_name, session_name, user_name
from identity_service.infrastructure.grpc.translate import role_numbers
from mesh.postgres.outbox import OutboxMessage, outbox_message
from mesh.timestamps import timestamp
from reelmesh.identity.v1 import events_pb2 as pb
from reelmesh.privacy.v1.events_pb2 import ErasureRequested

_REASONS = {reason: pb.SessionRevoked.Reason.Value(f"REASON_{reason.name}") for reason in EndReason}
_LETTERS = {letter: pb.EmailRequested.Kind.Value(f"KIND_{letter.name}") for letter in events.Letter}
_LETTERS_KEY = "letters"  # an address has no business in a header


def encode(event: events.Event) -> OutboxMessage:
    match event:
        case events.AccountRegistered(user, profile):
            return outbox_message(pb.AccountRegistered(user=user_name(user), profile=_profile(profile)), user_name(user))
        case events.ProfileChanged(user, profile):
            return outbox_message(pb.ProfileChanged(user=user_name(user), profile=_profile(profile)), user_name(user))
        case events.AccountSuspended(user):
            return outbox_message(pb.AccountSuspended(user=user_name(user)), user_name(user))
        case events.AccountRestored(user):
            return outbox_message(pb.AccountRestored(user=user_name(user)), user_name(user))
        case events.AccountDeleted(user):
            return outbox_message(pb.AccountDeleted(user=user_name(user)), user_name(user))
        case events.RolesChanged(user, roles):
            return outbox_message(pb.RolesChanged(user=user_name(user), roles=role_numbers(roles)), user_name(user))
        case events.PasswordChanged(user):
            return outbox_message(pb.PasswordChanged(user=user_name(user)), user_name(user))
        case events.SessionRevoked(user, session, reason, time):
            name = session_name(user, session)
            revoked = pb.SessionRevoked(session=name, session_id=session, reason=_REASONS[reason], revoke_time=timestamp(time))
            return outbox_message(revoked, user_name(user))
        case events.ErasureRequested(erasure, user, time):
            name = erasure_name(erasure)
            return outbox_message(ErasureRequested(erasure=name, user=user_name(user), request_time=timestamp(time)), name)
        case events.EmailRequested(letter, to, language_code, code, expire_time):
            expires = None if expire_time is None else timestamp(expire_time)
            requested = pb.EmailRequested(kind=_LETTERS[letter], to=to, language_code=language_code, code=code, expire_time=expires)
            return outbox_message(requested, _LETTERS_KEY)


def _profile(profile: Profile) -> pb.Profile:
    return pb.Profile(
        display_name=profile.display_name,
        language_code=profile.language_code,
        region_code=profile.region_code,
        favorite_genres=profile.favorite_genres,
    )
