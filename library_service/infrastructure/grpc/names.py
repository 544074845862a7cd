"""Resource names and the ids in them; the contract's patterns have been checked before a name gets here."""

from library_service.application.importing import ListName
from library_service.domain.marks import Shelf

_USERS = "users/"


def movie_name(movie: str) -> str:
    return f"movies/{movie}"


def user_name(user: str) -> str:
    return _USERS + user


def list_name(user: str, shelf: Shelf) -> str:
    return f"users/{user}/{shelf.list_name}"


def mark_name(user: str, shelf_name: str, movie: str) -> str:
    return f"users/{user}/{shelf_name}/{movie}"


def history_name(user: str) -> str:
    return f"users/{user}/history"


def viewing_name(user: str, movie: str) -> str:
    return f"users/{user}/history/{movie}"


def playlist_name(user: str, playlist: str) -> str:
    return f"users/{user}/playlists/{playlist}"


def entry_name(user: str, playlist: str, movie: str) -> str:
    return f"users/{user}/playlists/{playlist}/entries/{movie}"


def user_of(name: str) -> str:
    """`alice` of `users/alice/history/tt1`."""
    return name.split("/", 2)[1]


def ids_of(name: str) -> tuple[str, str]:
    """`alice` and `tt1` of `users/alice/history/tt1`."""
    _, user, _, inner = name.split("/")
    return user, inner


def entry_ids_of(name: str) -> tuple[str, str, str]:
    """`alice`, `best` and `tt1` of `users/alice/playlists/best/entries/tt1`."""
    _, user, _, playlist, _, movie = name.split("/")
    return user, playlist, movie


def list_of(name: str) -> ListName:
    """Of `users/alice/watchlist`, `users/alice/playlists/best` and so on."""
    _, user, kind, *inner = name.split("/")
    if kind == "playlists":
        return ListName(user, playlist=inner[0])
    return ListName(user) if kind == "history" else ListName(user, shelf=Shelf[kind.upper()])
