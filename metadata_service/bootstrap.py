"""The one place that names this context's concrete classes."""

from mesh.events.relay import Relay
from mesh.server import Foundation, Service
from metadata_service.infrastructure.events.encode import encode
from metadata_service.infrastructure.grpc.errors import ERRORS
from metadata_service.infrastructure.grpc.metadata_servicer import MetadataServicer
from metadata_service.infrastructure.postgres.reader import PostgresReader
from metadata_service.infrastructure.postgres.unit_of_work import MetadataUnitOfWork
from reelmesh.metadata.v1 import metadata_service_pb2


def build(foundation: Foundation) -> Service:
    """The service over its foundation."""
    database = foundation.database

    def unit_of_work() -> MetadataUnitOfWork:
        return MetadataUnitOfWork(database, encode)

    return Service(
        servicers={
            metadata_service_pb2.DESCRIPTOR.services_by_name["MetadataService"]: MetadataServicer(PostgresReader(database), unit_of_work)
        },
        errors=ERRORS,
        background=[Relay(database, foundation.bus, "metadata", tracing=foundation.tracing)],
    )
