"""The `__main__` of a service: settings and migrations, then the process that serves, in which everything is loaded for the first time."""

import asyncio
import os
import sys
import traceback

from mesh.environment import WrongSettings, read_settings
from mesh.settings import Settings
from mesh.tls.identity import IdentityUnusable


class StartFailed(Exception):
    """The process cannot serve; the text is one line for whoever started it."""


class MigrationFailed(Exception):
    """The database is not as this version needs it; the child that migrates has said why."""


def run(context: str, build: str, migrations: str) -> None:
    """Until SIGTERM or SIGINT, then drained; exit code 1 and one line when it cannot start. `build` is `module:function`.

    Whether the transport is this process or another program that it becomes, what serves is loaded there, once, and meanwhile the database
    is migrated.
    """
    try:
        settings = read_settings(Settings, os.environ)
        if settings.identity is not None:
            settings.identity.read()  # said now, in one line, rather than by each connection
        migrating = _begin_migrating(context, settings.database_url, migrations)
        if settings.transport == "envoy":
            from mesh.transport.envoy.launch import become_host  # needs what the other transport does without

            become_host(context, build, settings, migrating)
        from mesh.server import serve

        asyncio.run(serve(context, build, settings, migrating))
    except (IdentityUnusable, WrongSettings) as error:
        sys.exit(f"{context}: wrong settings: {error}")
    except MigrationFailed:
        sys.exit(1)
    except StartFailed as error:
        sys.exit(str(error))


async def migrated(child: int) -> None:
    """Returns when `child`, which `run` began, is done with the database. Raises MigrationFailed."""
    _, status = await asyncio.to_thread(os.waitpid, child, 0)
    if status:
        raise MigrationFailed


def database_unusable(context: str, error: BaseException) -> str:
    return f"{context}: the database cannot be used: {str(error).strip().splitlines()[0]}"


def _begin_migrating(context: str, database_url: str, migrations: str) -> int:
    """In a child, which takes SQLAlchemy and Alembic with it when it ends: 20 MB that a service has no other use for."""
    child = os.fork()
    if not child:
        failure = _migration_failure(context, database_url, migrations)
        if failure:
            print(failure, file=sys.stderr, flush=True)
        os._exit(1 if failure else 0)
    return child


def _migration_failure(context: str, database_url: str, migrations: str) -> str:
    import psycopg
    from sqlalchemy.exc import DBAPIError

    from mesh.postgres.migrations import migrate

    try:
        migrate(database_url, migrations)
    except DBAPIError as error:
        return database_unusable(context, error.orig or error)
    except psycopg.Error as error:
        return database_unusable(context, error)
    except Exception:
        return traceback.format_exc()
    return ""
