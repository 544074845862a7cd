"""The context's transaction with its repositories."""

from mesh.postgres.transaction import Transaction
from mesh.postgres.unit_of_work import UnitOfWork
from recommender_service.infrastructure.postgres.experiments import PostgresExperiments
from recommender_service.infrastructure.postgres.interactions import PostgresInteractions
from recommender_service.infrastructure.postgres.models import PostgresModels


class RecommenderUnitOfWork(UnitOfWork):
    """The port UnitOfWork."""

    interactions: PostgresInteractions
    models: PostgresModels
    experiments: PostgresExperiments

    def _bind(self, transaction: Transaction) -> None:
        self.interactions = PostgresInteractions(transaction)
        self.models = PostgresModels(transaction)
        self.experiments = PostgresExperiments(transaction)
