"""One transaction of this context."""

from mesh.postgres.transaction import Transaction
from mesh.postgres.unit_of_work import UnitOfWork
from metadata_service.infrastructure.postgres.documents import PostgresDocuments


class MetadataUnitOfWork(UnitOfWork):
    """`application.ports.UnitOfWork`."""

    documents: PostgresDocuments

    def _bind(self, transaction: Transaction) -> None:
        self.documents = PostgresDocuments(transaction)
