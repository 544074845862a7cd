"""The context's transaction with its repositories."""

from library_service.infrastructure.postgres.entries import PostgresEntries
from library_service.infrastructure.postgres.marks import PostgresMarks
from library_service.infrastructure.postgres.movies import PostgresMovies
from library_service.infrastructure.postgres.playlists import PostgresPlaylists
from library_service.infrastructure.postgres.viewings import PostgresViewings
from mesh.postgres.transaction import Transaction
from mesh.postgres.unit_of_work import UnitOfWork


class LibraryUnitOfWork(UnitOfWork):
    """The port UnitOfWork."""

    movies: PostgresMovies
    marks: PostgresMarks
    playlists: PostgresPlaylists
    entries: PostgresEntries
    viewings: PostgresViewings

    def _bind(self, transaction: Transaction) -> None:
        self.movies = PostgresMovies(transaction)
        self.marks = PostgresMarks(transaction)
        self.playlists = PostgresPlaylists(transaction)
        self.entries = PostgresEntries(transaction)
        self.viewings = PostgresViewings(transaction)
