"""The context's unit of work."""

from mesh.postgres.database import Database
from mesh.postgres.transaction import Transaction
from mesh.postgres.unit_of_work import UnitOfWork
from movie_service.infrastructure.events.encode import encode
from movie_service.infrastructure.postgres.repository import PostgresMovies


class MovieUnitOfWork(UnitOfWork):
    """Made anew for each call."""

    movies: PostgresMovies

    def __init__(self, database: Database) -> None:
        super().__init__(database, encode)

    def _bind(self, transaction: Transaction) -> None:
        self.movies = PostgresMovies(transaction)
