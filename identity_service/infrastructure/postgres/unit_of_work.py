"""The context's transaction with its repositories."""

from identity_service.infrastructure.postgres.accounts import PostgresAccounts
from identity_service.infrastructure.postgres.attempts import PostgresTakenAttempts
from identity_service.infrastructure.postgres.audit import PostgresAudit
from identity_service.infrastructure.postgres.challenges import PostgresChallenges
from identity_service.infrastructure.postgres.erasures import PostgresErasures
from identity_service.infrastructure.postgres.sessions import PostgresSessions
from mesh.postgres.transaction import Transaction
from mesh.postgres.unit_of_work import UnitOfWork


class IdentityUnitOfWork(UnitOfWork):
    """The port UnitOfWork."""

    accounts: PostgresAccounts
    challenges: PostgresChallenges
    sessions: PostgresSessions
    attempts: PostgresTakenAttempts
    erasures: PostgresErasures
    audit: PostgresAudit

    def _bind(self, transaction: Transaction) -> None:
        self.accounts = PostgresAccounts(transaction)
        self.challenges = PostgresChallenges(transaction)
        self.sessions = PostgresSessions(transaction)
        self.attempts = PostgresTakenAttempts(transaction)
        self.erasures = PostgresErasures(transaction)
        self.audit = PostgresAudit(transaction)
