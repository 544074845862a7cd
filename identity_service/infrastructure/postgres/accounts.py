"""Accounts, inside a transaction."""

from identity_service.domain.accounts import Account
from identity_service.domain.errors import AccountNotFound, CodeWrong
from identity_service.infrastructure.postgres.rows import ACCOUNT_COLUMNS, account_of, account_values
from mesh.postgres.faults import constraint_errors
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction

_ADD = text_statement(f"""
    INSERT INTO accounts ({ACCOUNT_COLUMNS})
    VALUES ({", ".join(f"%({column})s" for column in ACCOUNT_COLUMNS.split(", "))})
""")  # noqa: S608  # constants of ours
_LOCK = text_statement(f"SELECT {ACCOUNT_COLUMNS} FROM accounts WHERE user_id = %(user)s FOR UPDATE")  # noqa: S608  # constants of ours
_SAVE = text_statement("""
    UPDATE accounts SET password_hash = %(password_hash)s, profile = %(profile)s, roles = %(roles)s::smallint[], state = %(state)s,
        update_time = %(update_time)s, revision = %(revision)s
    WHERE user_id = %(user_id)s
""")
_USER_OF = text_statement("SELECT user_id FROM accounts WHERE email = %(email)s")
# Stored answers too: those that are there. That of this very call is not yet.
_REMOVE = (
    text_statement("DELETE FROM accounts WHERE user_id = %(user)s"),
    text_statement("DELETE FROM challenges WHERE email = %(email)s"),
    text_statement("DELETE FROM idempotency WHERE principal = 'users/' || %(user)s AND response IS NOT NULL"),
)


class PostgresAccounts:
    """The port Accounts."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, account: Account) -> None:
        with constraint_errors({"accounts_one_for_each_email": CodeWrong}):
            await self._transaction.execute(_ADD, **account_values(account))

    async def lock(self, user: str) -> Account:
        row = await self._transaction.fetch_one(_LOCK, user=user)
        if row is None:
            raise AccountNotFound(user)
        return account_of(row)

    async def save(self, account: Account) -> None:
        await self._transaction.execute(_SAVE, **account_values(account))

    async def remove(self, account: Account) -> None:
        for statement in _REMOVE:
            await self._transaction.execute(statement, user=account.user, email=account.email)

    async def user_of(self, email: str) -> str | None:
        row = await self._transaction.fetch_one(_USER_OF, email=email)
        return row[0] if row else None
