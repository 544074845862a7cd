"""What can be wrong, in this context's words."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """A field of the document, empty for the document as a whole, and what is wrong with it."""

    field: str
    description: str


class MetadataError(Exception):
    """The root of this context's errors."""


class InvalidDocument(MetadataError):
    """The document breaks rules, `problems` says which: all of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{problem.field}: {problem.description}" for problem in problems))
        self.problems = tuple(problems)


class MetadataNotFound(MetadataError):
    """Nothing is told about the movie."""

    def __init__(self, movie: str) -> None:
        super().__init__(movie)
        self.movie = movie


class PersonNotFound(MetadataError):
    """No document names the person."""

    def __init__(self, person: str) -> None:
        super().__init__(person)
        self.person = person


class DocumentChangedMeanwhile(MetadataError):
    """The etag is not that of the document as it is now, or there is no document."""

    def __init__(self, movie: str) -> None:
        super().__init__(movie)
        self.movie = movie
