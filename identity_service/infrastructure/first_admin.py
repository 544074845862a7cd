"""The first administrator, whose login is in a file that whoever starts the platform has made."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

from identity_service.application.ports import Hasher
from identity_service.domain.accounts import Account, Profile, Role, normalised_email
from identity_service.domain.passwords import normalised_password
from identity_service.infrastructure.postgres.rows import ACCOUNT_COLUMNS, account_values
from mesh.environment import WrongSettings
from mesh.postgres.database import Database
from mesh.postgres.statements import text_statement

_USER = "admin"
_ADMINISTERED = text_statement(f"SELECT true FROM accounts WHERE roles @> ARRAY[{Role.ADMIN.value}]::smallint[] LIMIT 1")  # noqa: S608  # a constant of ours
# Replicas may start at once.
_ADD = text_statement(f"""
    INSERT INTO accounts ({ACCOUNT_COLUMNS})
    VALUES ({", ".join(f"%({column})s" for column in ACCOUNT_COLUMNS.split(", "))}) ON CONFLICT DO NOTHING
""")  # noqa: S608  # constants of ours


async def ensure_first_admin(path: Path, database: Database, hasher: Hasher) -> None:
    """`users/admin`, unless somebody administers the platform already: one who was deleted does not come back. Raises WrongSettings."""
    try:
        login = json.loads(await asyncio.to_thread(path.read_text))
        email, password = normalised_email(login["email"]), normalised_password(login["password"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WrongSettings(f"REELMESH_IDENTITY_ADMIN_FILE: {path} cannot be read as JSON with email and password") from error
    if await database.fetch_one(_ADMINISTERED):
        return
    now = datetime.now(UTC)
    account = Account(
        user=_USER,
        email=email,
        password_hash=await hasher.hash(password),
        profile=Profile(display_name="Administrator"),
        create_time=now,
        update_time=now,
        roles=frozenset({Role.USER, Role.ADMIN}),
    )
    await database.execute(_ADD, **account_values(account))
