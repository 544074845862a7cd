"""People follow from the documents that name them: who took part in what, and as what."""

from collections.abc import Mapping
from dataclasses import dataclass

from metadata_service.domain.documents import Document, LocalizedText


@dataclass(frozen=True, slots=True)
class Credit:
    """All that one person did in one movie, in the document's order."""

    person: str
    display_name: str
    characters: tuple[str, ...]
    jobs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with at least one credit."""

    id: str
    display_name: str
    movie_count: int


@dataclass(frozen=True, slots=True)
class PersonMovie:
    """A movie of a person; `text` is None when the movie has no title in any language."""

    movie: str
    text: LocalizedText | None
    characters: tuple[str, ...]
    jobs: tuple[str, ...]


def credits_of(document: Document) -> Mapping[str, Credit]:
    """By person. Of several spellings of a name the last one counts; a character or a job that is said twice counts once."""
    names: dict[str, str] = {}
    characters: dict[str, dict[str, None]] = {}
    jobs: dict[str, dict[str, None]] = {}
    for member in document.cast:
        names[member.person] = member.display_name
        if member.character:
            characters.setdefault(member.person, {})[member.character] = None
    for maker in document.crew:
        names[maker.person] = maker.display_name
        jobs.setdefault(maker.person, {})[maker.job] = None
    return {person: Credit(person, name, tuple(characters.get(person, ())), tuple(jobs.get(person, ()))) for person, name in names.items()}
