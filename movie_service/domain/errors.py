"""What can be wrong about a movie; each error states the fact."""

from collections.abc import Sequence


class MovieError(Exception):
    """About one movie, named `movies/{movie}`."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{type(self).__name__}: {name}")
        self.name = name


class MovieNotFound(MovieError):
    """No movie has this name."""


class MovieAlreadyExists(MovieError):
    """A movie has this name, perhaps a deleted one."""


class MovieIsDeleted(MovieError):
    """It has to be undeleted first."""


class MovieIsNotDeleted(MovieError):
    """There is nothing to undelete."""


class MovieChangedMeanwhile(MovieError):
    """The caller's etag is not the movie's."""


class FactsContradict(Exception):
    """`flaws` are pairs of a field and what is wrong with it, all at once."""

    def __init__(self, flaws: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field} {flaw}" for field, flaw in flaws))
        self.flaws = tuple(flaws)
