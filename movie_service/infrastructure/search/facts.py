"""What the index keeps of a movie's metadata."""

from dataclasses import asdict, dataclass
from typing import Any

from reelmesh.metadata.v1.metadata_pb2 import MovieMetadata

# The people a movie is known for come first; a crowd of hundreds would only make every document long.
_MAX_CAST = 60
_MAX_PEOPLE = 100
_MAX_KEYWORDS = 200


@dataclass(frozen=True, slots=True)
class Facts:
    """Texts and facets that metadata tells, as they are shown."""

    titles: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    language: str = ""

    @classmethod
    def of_metadata(cls, metadata: MovieMetadata) -> "Facts":
        cast = [member.display_name for member in metadata.cast[:_MAX_CAST]]
        crew = sorted(metadata.crew, key=lambda member: member.department not in ("Directing", "Writing"))
        return cls(
            _distinct(text.title for text in metadata.localizations),
            _distinct([*cast, *(member.display_name for member in crew)])[:_MAX_PEOPLE],
            _distinct(metadata.keywords)[:_MAX_KEYWORDS],
            tuple(metadata.genres),
            metadata.original_language,
        )

    @classmethod
    def of_json(cls, value: Any) -> "Facts":
        part: dict[str, Any] = {name: kept if isinstance(kept, str) else tuple(kept) for name, kept in value.items()}
        return cls(**part)

    def as_json(self) -> dict[str, Any]:
        return {name: part for name, part in asdict(self).items() if part}

    def texts(self) -> tuple[tuple[str, str], ...]:
        """What the movie can be found by beside its own titles and genres, with the names of the fields."""
        return (
            *(("localized_title", title) for title in self.titles),
            *(("person", person) for person in self.people),
            *(("genre", genre) for genre in self.genres),
            *(("keyword", keyword) for keyword in self.keywords),
        )


def _distinct(texts: Any) -> tuple[str, ...]:
    # PostgreSQL stores no NUL, and nobody searches for one.
    return tuple(dict.fromkeys(text.replace("\0", "") for text in texts if text))
