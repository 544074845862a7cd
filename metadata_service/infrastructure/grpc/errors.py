"""What the errors of this context's domain mean to a caller."""

from mesh.errors import Aborted, InvalidArgument, NotFound, Violation
from mesh.handlers import ErrorTable
from metadata_service.domain.errors import DocumentChangedMeanwhile, InvalidDocument, MetadataNotFound, PersonNotFound
from metadata_service.infrastructure.grpc.translate import metadata_name


def _invalid(error: InvalidDocument) -> InvalidArgument:
    return InvalidArgument([Violation(f"metadata.{each.field}".rstrip("."), each.description) for each in error.problems])


ERRORS: ErrorTable = {
    InvalidDocument: _invalid,
    MetadataNotFound: lambda error: NotFound("reelmesh.metadata/MovieMetadata", metadata_name(error.movie), "METADATA_NOT_FOUND"),
    PersonNotFound: lambda error: NotFound("reelmesh.metadata/Person", f"people/{error.person}", "PERSON_NOT_FOUND"),
    DocumentChangedMeanwhile: lambda error: Aborted(
        "ETAG_MISMATCH", f"{metadata_name(error.movie)} is not the document that the etag was given for; read it again."
    ),
}
