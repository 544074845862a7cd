"""The document of a movie: everything that is told about it."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import Enum


class ImageKind(Enum):
    """What a picture is for."""

    POSTER = "poster"
    BACKDROP = "backdrop"
    LOGO = "logo"
    STILL = "still"


@dataclass(frozen=True, slots=True)
class LocalizedText:
    """Texts in one language, a BCP 47 tag as its author wrote it; an empty text is one that is not there."""

    language_code: str
    title: str = ""
    overview: str = ""
    tagline: str = ""


@dataclass(frozen=True, slots=True)
class CastMember:
    """`person` is the id alone, without `people/`."""

    person: str
    display_name: str
    character: str = ""


@dataclass(frozen=True, slots=True)
class CrewMember:
    """`person` is the id alone, without `people/`."""

    person: str
    display_name: str
    department: str
    job: str


@dataclass(frozen=True, slots=True)
class Image:
    """Sizes are pixels, 0 when unknown."""

    kind: ImageKind
    uri: str
    width: int = 0
    height: int = 0
    language_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a caller may change. `runtime` is in seconds; `external_ids` are pairs of provider and id, by provider."""

    original_language: str = ""
    genres: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    cast: tuple[CastMember, ...] = ()
    crew: tuple[CrewMember, ...] = ()
    runtime: int | None = None
    countries: tuple[str, ...] = ()
    spoken_languages: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    external_ids: tuple[tuple[str, str], ...] = ()
    localizations: tuple[LocalizedText, ...] = ()

    def patched(self, patch: "Document", changed: Iterable[str]) -> "Document":
        """With the fields named in `changed` as they are in `patch`. A field is replaced as a whole, also a list or a map."""
        return replace(self, **{field: getattr(patch, field) for field in changed})


FIELDS = frozenset(field.name for field in fields(Document))
EMPTY = Document()


@dataclass(frozen=True, slots=True)
class MovieMetadata:
    """A document as it is stored, of the movie with this id. The revision begins at 1 and grows with every change."""

    movie: str
    document: Document
    revision: int
    create_time: datetime
    update_time: datetime

    @property
    def etag(self) -> str:
        return f"r{self.revision}"

    def changed_to(self, document: Document, now: datetime) -> "MovieMetadata":
        return MovieMetadata(self.movie, document, self.revision + 1, self.create_time, now)


@dataclass(frozen=True, slots=True)
class LocalizedMetadata:
    """A document and the texts that one reader is shown of it; None when it has no title at all."""

    metadata: MovieMetadata
    text: LocalizedText | None
