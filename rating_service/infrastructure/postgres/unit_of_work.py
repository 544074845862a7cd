"""The context's transaction with its repositories."""

from mesh.postgres.transaction import Transaction
from mesh.postgres.unit_of_work import UnitOfWork
from rating_service.infrastructure.postgres.ratings import PostgresRatings
from rating_service.infrastructure.postgres.reviews import PostgresReviews
from rating_service.infrastructure.postgres.summaries import PostgresSummaries


class RatingUnitOfWork(UnitOfWork):
    """The port UnitOfWork."""

    ratings: PostgresRatings
    summaries: PostgresSummaries
    reviews: PostgresReviews

    def _bind(self, transaction: Transaction) -> None:
        self.ratings = PostgresRatings(transaction)
        self.summaries = PostgresSummaries(transaction)
        self.reviews = PostgresReviews(transaction)
