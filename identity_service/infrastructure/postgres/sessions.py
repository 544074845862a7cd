"""Sessions and the chains of their refresh tokens, inside a transaction."""

from datetime import datetime

from identity_service.domain.sessions import RefreshToken, Session
from identity_service.infrastructure.postgres.rows import SESSION_COLUMNS, roles_of, session_of
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction

# A login that is sent again makes its tokens anew; what the lost answer held is worth nothing. The account is locked by then, in a
# statement of its own: this one has to see the tokens of whoever was before us.
_BEGIN = text_statement(f"""
    WITH begun AS (
        INSERT INTO sessions AS s ({SESSION_COLUMNS}, request_id, last_number)
        VALUES (%(session)s, %(user)s, %(client)s, %(address)s, %(create_time)s, %(create_time)s, %(expire_time)s, %(request_id)s, 1)
        ON CONFLICT (user_id, request_id) WHERE request_id <> '' DO UPDATE
            SET last_number = s.last_number + 1, refresh_time = excluded.refresh_time, expire_time = excluded.expire_time
        RETURNING {SESSION_COLUMNS}, last_number
    ),
    lost AS (DELETE FROM refresh_tokens WHERE session_id = (SELECT session_id FROM begun WHERE last_number > 1)),
    given AS (
        INSERT INTO refresh_tokens (token_hash, session_id, number) SELECT %(token_hash)s, session_id, last_number FROM begun
    ),
    known AS (
        INSERT INTO devices (device_hash, user_id, login_time) VALUES (%(device_hash)s, %(user)s, %(create_time)s)
        ON CONFLICT (device_hash, user_id) DO UPDATE SET login_time = excluded.login_time
    )
    SELECT {SESSION_COLUMNS} FROM begun
""")  # noqa: S608  # constants of ours
_ADD_TOKEN = text_statement("INSERT INTO refresh_tokens (token_hash, session_id, number) VALUES (%(token_hash)s, %(session)s, %(number)s)")
# The guard of R19, in a statement of its own: the next one sees what the one before us has committed.
_LOCK = text_statement("""
    SELECT FROM sessions WHERE session_id = (SELECT session_id FROM refresh_tokens WHERE token_hash = %(token_hash)s) FOR UPDATE
""")
_FIND = text_statement(f"""
    SELECT {", ".join(f"s.{column}" for column in SESSION_COLUMNS.split(", "))},
        a.roles, a.email, a.profile ->> 'language_code', t.number, s.last_number, t.use_time, t.salt
    FROM refresh_tokens AS t JOIN sessions AS s USING (session_id) JOIN accounts AS a USING (user_id)
    WHERE t.token_hash = %(token_hash)s
""")  # noqa: S608  # constants of ours
_USE = text_statement("UPDATE refresh_tokens SET use_time = %(now)s, salt = %(salt)s WHERE token_hash = %(token_hash)s")
_MOVE_ON = text_statement("""
    UPDATE sessions SET last_number = %(number)s, refresh_time = %(now)s, expire_time = %(expire)s WHERE session_id = %(session)s
""")
_REMOVE = text_statement("DELETE FROM sessions WHERE user_id = %(user)s AND session_id = %(session)s")
_REMOVE_ALL = text_statement("DELETE FROM sessions WHERE user_id = %(user)s RETURNING session_id")


class PostgresSessions:
    """The port Sessions."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def begin(self, session: Session, token_hash: bytes, device_hash: bytes, request_id: str) -> Session:
        row = await self._transaction.fetch_one(
            _BEGIN,
            session=session.session,
            user=session.user,
            client=session.client,
            address=session.address,
            create_time=session.create_time,
            expire_time=session.expire_time,
            token_hash=token_hash,
            device_hash=device_hash,
            request_id=request_id,
        )
        assert row is not None  # noqa: S101  # an upsert without a condition gives back its row
        return session_of(row)

    async def find(self, token_hash: bytes) -> RefreshToken | None:
        await self._transaction.fetch_one(_LOCK, token_hash=token_hash)
        row = await self._transaction.fetch_one(_FIND, token_hash=token_hash)
        if row is None:
            return None
        roles, email, language_code, number, last_number, use_time, salt = row[7:]
        return RefreshToken(
            session=session_of(row),
            roles=roles_of(roles),
            email=email,
            language_code=language_code,
            number=number,
            last_number=last_number,
            use_time=use_time,
            salt=salt,
        )

    async def follow(self, token: RefreshToken, token_hash: bytes, salt: bytes, next_hash: bytes, now: datetime, expire: datetime) -> None:
        session, number = token.session.session, token.number + 1
        await self._transaction.execute(_USE, token_hash=token_hash, salt=salt, now=now)
        await self._transaction.execute(_ADD_TOKEN, token_hash=next_hash, session=session, number=number)
        await self._transaction.execute(_MOVE_ON, session=session, number=number, now=now, expire=expire)

    async def remove(self, user: str, session: str) -> bool:
        return await self._transaction.execute(_REMOVE, user=user, session=session) > 0

    async def remove_all(self, user: str) -> list[str]:
        return [row[0] for row in await self._transaction.fetch_all(_REMOVE_ALL, user=user)]
