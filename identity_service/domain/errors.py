"""What can stand in the way; ids, not names, inside, and no secret in any of them."""

from datetime import timedelta


class IdentityError(Exception):
    """The root of this context's errors."""


class AccountNotFound(IdentityError):
    def __init__(self, user: str) -> None:
        super().__init__(f"there is no account {user}")
        self.user = user


class SessionNotFound(IdentityError):
    def __init__(self, user: str, session: str) -> None:
        super().__init__(f"{user} has no session {session}")
        self.user, self.session = user, session


class ErasureNotFound(IdentityError):
    def __init__(self, erasure: str) -> None:
        super().__init__(f"there is no erasure {erasure}")
        self.erasure = erasure


class AccountChanged(IdentityError):
    """Somebody changed the account meanwhile."""


class OwnAccount(IdentityError):
    """Administrators do not suspend or demote themselves."""


class PasswordCommon(IdentityError):
    """One of those that everybody tries first, or one that says whose it is; `field` is where it was given."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} is common")
        self.field = field


class PasswordWrong(IdentityError):
    """The password that the owner gave is not the one of the account."""


class CredentialsWrong(IdentityError):
    """No such account, not its password, or suspended: nobody is told which."""


class CodeWrong(IdentityError):
    """Not the code, not in time, tried too often, or used: nobody is told which."""


class RefreshTokenWrong(IdentityError):
    """Unknown, expired, or of a session that has ended."""


class RefreshTokenReused(IdentityError):
    """It was used before, so somebody has a copy; the session has ended."""


class HashingBusy(IdentityError):
    """Too many passwords wait to be hashed."""


class _TooMany(IdentityError):
    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"to be tried again in {wait}")
        self.wait = wait


class TooManyAttempts(_TooMany):
    """Passwords were guessed wrong too often."""


class TooManyRequests(_TooMany):
    """E-mails were asked for too often."""
