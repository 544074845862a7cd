"""What happened in this context."""

from dataclasses import dataclass

from metadata_service.domain.documents import MovieMetadata


@dataclass(frozen=True, slots=True)
class MovieMetadataChanged:
    """The document is new or another than before; carries all of it."""

    metadata: MovieMetadata
