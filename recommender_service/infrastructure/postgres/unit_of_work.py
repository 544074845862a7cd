"""The context's transaction with its repositories."""

from mesh.postgres.transaction import Transaction
from mesh.postgres.unit_of_work import UnitOfWork
from recommender_service.infrastructure.postgres.interactions import PostgresInteractions
from recommender_service.infrastructure.postgres.models import PostgresModels


class RecommenderUnitOfWork(UnitOfWork):
    """The port UnitOfWork."""

    interactions: PostgresInteractions
    models: PostgresModels

    def _bind(self, transaction: Transaction) -> None:
        self.interactions = PostgresInteractions(transaction)
        self.models = PostgresModels(transaction)
