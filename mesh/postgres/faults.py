"""What a PostgreSQL failure means to a caller; no SQL and no driver text passes from here into an answer."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NoReturn

import psycopg
from psycopg import errors as sqlstate
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from mesh.errors import Unavailable

# The transaction lost a race that the same transaction, run again, may win (SQLSTATE class 40).
TRANSACTION_CONFLICTS = (sqlstate.SerializationFailure, sqlstate.DeadlockDetected)


def raise_translated(error: psycopg.Error) -> NoReturn:
    """Raises Unavailable when the database is away, else `error` itself.

    Conflicts between transactions and broken constraints stay as they are: `once` retries the first, `constraint_errors`
    names the second.
    """
    unavailable = _unavailable(error)
    if unavailable is None:
        raise error
    raise unavailable from error


def _unavailable(error: psycopg.Error) -> Unavailable | None:
    if isinstance(error, TRANSACTION_CONFLICTS):
        return None
    if isinstance(error, sqlstate.QueryCanceled | sqlstate.LockNotAvailable):
        return Unavailable("DATABASE_TOO_SLOW", "The database did not answer in time.")
    if isinstance(error, PoolTimeout | TooManyRequests):
        return Unavailable("DATABASE_BUSY", "Every connection to the database is in use.")
    # ReadOnlySqlTransaction: a failover left us on a standby. InterfaceError: the connection was closed under us.
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError | PoolClosed | sqlstate.ReadOnlySqlTransaction):
        return Unavailable("DATABASE_AWAY", "The database is not reachable.")
    return None


@contextmanager
def constraint_errors(errors: Mapping[str, Callable[[], Exception]]) -> Iterator[None]:
    """Inside, a violation of a constraint named in `errors` raises what its value makes instead.

    The transaction is lost with it, as always in PostgreSQL: let the error leave the unit of work.
    """
    try:
        yield
    except psycopg.IntegrityError as error:
        make = errors.get(error.diag.constraint_name or "")
        if make is None:
            raise
        raise make() from error
