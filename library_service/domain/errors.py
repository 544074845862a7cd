"""What can stand in the way of a list, a playlist or a viewing; ids, not names, inside."""


class LibraryError(Exception):
    """The root of this context's errors."""


class MovieNotFound(LibraryError):
    def __init__(self, movie: str) -> None:
        super().__init__(f"there is no movie {movie}")
        self.movie = movie


class MarkNotFound(LibraryError):
    """`list_name` is `watchlist` or `favorites`."""

    def __init__(self, user: str, list_name: str, movie: str) -> None:
        super().__init__(f"{movie} is not on the {list_name} of {user}")
        self.user, self.list_name, self.movie = user, list_name, movie


class ViewingNotFound(LibraryError):
    def __init__(self, user: str, movie: str) -> None:
        super().__init__(f"{user} has not watched {movie}")
        self.user, self.movie = user, movie


class _AboutPlaylist(LibraryError):
    fact = ""

    def __init__(self, user: str, playlist: str) -> None:
        super().__init__(f"playlist {playlist} of {user} {self.fact}")
        self.user, self.playlist = user, playlist


class PlaylistNotFound(_AboutPlaylist):
    """There is none, or it is somebody else's and private."""

    fact = "does not exist"


class PlaylistAlreadyExists(_AboutPlaylist):
    fact = "exists already"


class PlaylistChanged(_AboutPlaylist):
    fact = "was changed meanwhile"


class EntryNotFound(LibraryError):
    def __init__(self, user: str, playlist: str, movie: str) -> None:
        super().__init__(f"{movie} is not in playlist {playlist} of {user}")
        self.user, self.playlist, self.movie = user, playlist, movie


class EntryFollowsItself(LibraryError):
    """An entry was to be moved behind itself, or behind one of another playlist."""


class TooManyItems(LibraryError):
    """The list of `user` is full with `limit`."""

    def __init__(self, user: str, limit: int) -> None:
        super().__init__(f"a list of {user} is full with {limit}")
        self.user, self.limit = user, limit


class TooManyPlaylists(TooManyItems):
    """As many playlists as one user may have."""


class ViewingContradicts(LibraryError):
    """`flaws` are fields and what is wrong with them."""

    def __init__(self, flaws: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field} {flaw}" for field, flaw in flaws))
        self.flaws = flaws


class NoMovieColumn(LibraryError):
    """The header of a CSV file does not say which movies it has."""
