"""What each error of the domain is to a caller."""

from typing import Final

from identity_service.domain import errors as domain
from identity_service.infrastructure.grpc.names import erasure_name, session_name, user_name
from mesh import errors as mesh
from mesh.handlers import ErrorTable
from mesh.signing import KeyUnreadable

ACCOUNT: Final = "reelmesh.identity/User"
SESSION: Final = "reelmesh.identity/Session"
ERASURE: Final = "reelmesh.identity/Erasure"
_BUSY_SECONDS = 1.0


def _account_not_found(error: domain.AccountNotFound) -> mesh.MeshError:
    return mesh.NotFound(ACCOUNT, user_name(error.user), "ACCOUNT_NOT_FOUND")


def _session_not_found(error: domain.SessionNotFound) -> mesh.MeshError:
    return mesh.NotFound(SESSION, session_name(error.user, error.session), "SESSION_NOT_FOUND")


def _erasure_not_found(error: domain.ErasureNotFound) -> mesh.MeshError:
    return mesh.NotFound(ERASURE, erasure_name(error.erasure), "ERASURE_NOT_FOUND")


def _account_changed(error: domain.AccountChanged) -> mesh.MeshError:
    return mesh.Aborted("ETAG_MISMATCH", "The account was changed meanwhile; read it again.")


def _own_account(error: domain.OwnAccount) -> mesh.MeshError:
    return mesh.FailedPrecondition("OWN_ACCOUNT", "Another administrator has to do this.")


def _password_common(error: domain.PasswordCommon) -> mesh.MeshError:
    return mesh.InvalidArgument([mesh.Violation(error.field, "is too easily guessed: it is common, or says whose it is")])


def _password_wrong(error: domain.PasswordWrong) -> mesh.MeshError:
    return mesh.FailedPrecondition("PASSWORD_WRONG", "This is not the password of the account.")


def _credentials_wrong(error: domain.CredentialsWrong) -> mesh.MeshError:
    return mesh.Unauthenticated("CREDENTIALS_WRONG", "There is no such account with this password that can be used.")


def _code_wrong(error: domain.CodeWrong) -> mesh.MeshError:
    return mesh.FailedPrecondition("CODE_WRONG", "The code is not right, not any more, or was tried too often; ask for another one.")


def _refresh_token_wrong(error: domain.RefreshTokenWrong) -> mesh.MeshError:
    return mesh.Unauthenticated("REFRESH_TOKEN_WRONG", "The refresh token is not known or has expired, or its session has ended.")


def _refresh_token_reused(error: domain.RefreshTokenReused) -> mesh.MeshError:
    return mesh.Unauthenticated("REFRESH_TOKEN_REUSED", "The refresh token was used before. Its session has been ended.")


def _hashing_busy(error: domain.HashingBusy) -> mesh.MeshError:
    return mesh.ResourceExhausted("HASHING_BUSY", "Too many passwords are being checked at this moment.", "passwords", _BUSY_SECONDS)


def _too_many_attempts(error: domain.TooManyAttempts) -> mesh.MeshError:
    return mesh.ResourceExhausted("TOO_MANY_ATTEMPTS", "Too many failed attempts.", "attempts", error.wait.total_seconds())


def _too_many_requests(error: domain.TooManyRequests) -> mesh.MeshError:
    return mesh.ResourceExhausted("TOO_MANY_REQUESTS", "Too many e-mails were asked for.", "e-mails", error.wait.total_seconds())


def _key_unreadable(error: KeyUnreadable) -> mesh.MeshError:
    return mesh.Unavailable("KEYS_AWAY", "Tokens cannot be signed at this moment.")


ERRORS: Final[ErrorTable] = {
    domain.AccountNotFound: _account_not_found,
    domain.SessionNotFound: _session_not_found,
    domain.ErasureNotFound: _erasure_not_found,
    domain.AccountChanged: _account_changed,
    domain.OwnAccount: _own_account,
    domain.PasswordCommon: _password_common,
    domain.PasswordWrong: _password_wrong,
    domain.CredentialsWrong: _credentials_wrong,
    domain.CodeWrong: _code_wrong,
    domain.RefreshTokenWrong: _refresh_token_wrong,
    domain.RefreshTokenReused: _refresh_token_reused,
    domain.HashingBusy: _hashing_busy,
    domain.TooManyAttempts: _too_many_attempts,
    domain.TooManyRequests: _too_many_requests,
    KeyUnreadable: _key_unreadable,
}
