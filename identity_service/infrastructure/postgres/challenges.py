"""The codes that are waited for: made and used inside a transaction, tried outside any."""

from datetime import datetime

from identity_service.domain.codes import MOST_TRIES, Challenge, Purpose
from identity_service.domain.errors import CodeWrong
from identity_service.infrastructure.postgres.rows import profile_of, profile_value
from mesh.postgres.database import Database
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction

_ADD = text_statement("""
    INSERT INTO challenges (handle_hash, purpose, email, code_hash, user_id, password_hash, profile, expire_time)
    VALUES (%(handle_hash)s, %(purpose)s, %(email)s, %(code_hash)s, %(user)s, %(password_hash)s, %(profile)s, %(expire_time)s)
""")
# The guard of R20: the row's lock makes many tries at once into one after the other, and the sixth finds nothing.
_TRY = text_statement(f"""
    UPDATE challenges SET tries = tries + 1
    WHERE handle_hash = %(handle_hash)s AND purpose = %(purpose)s AND expire_time > %(now)s AND tries < {MOST_TRIES}
    RETURNING email, code_hash, user_id, password_hash, profile, expire_time
""")  # noqa: S608  # a constant of ours
_USE = text_statement("UPDATE challenges SET use_time = %(now)s WHERE handle_hash = %(handle_hash)s AND use_time IS NULL")


class PostgresChallenges:
    """The port Challenges."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, challenge: Challenge) -> None:
        await self._transaction.execute(
            _ADD,
            handle_hash=challenge.handle_hash,
            purpose=challenge.purpose.value,
            email=challenge.email,
            code_hash=challenge.code_hash,
            user=challenge.user,
            password_hash=challenge.password_hash,
            profile=profile_value(challenge.profile),
            expire_time=challenge.expire_time,
        )

    async def use(self, challenge: Challenge, now: datetime) -> None:
        if not await self._transaction.execute(_USE, handle_hash=challenge.handle_hash, now=now):
            raise CodeWrong


class PostgresCodes:
    """The port Codes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def try_code(self, handle_hash: bytes, purpose: Purpose, now: datetime) -> Challenge | None:
        row = await self._database.fetch_one(_TRY, handle_hash=handle_hash, purpose=purpose.value, now=now)
        if row is None:
            return None
        email, code_hash, user, password_hash, profile, expire_time = row
        return Challenge(
            handle_hash=handle_hash,
            purpose=purpose,
            email=email,
            code_hash=code_hash,
            expire_time=expire_time,
            user=user,
            password_hash=password_hash,
            profile=profile_of(profile),
        )
