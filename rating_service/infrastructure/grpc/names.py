"""Resource names and the ids in them; the contract's patterns have been checked before a name gets here."""

_USERS = "users/"


def movie_name(movie: str) -> str:
    return f"movies/{movie}"


def user_name(user: str) -> str:
    return _USERS + user


def rating_name(movie: str, user: str) -> str:
    return f"movies/{movie}/ratings/{user}"


def summary_name(movie: str) -> str:
    return f"movies/{movie}/ratingSummary"


def review_name(movie: str, review_id: str) -> str:
    return f"movies/{movie}/reviews/{review_id}"


def id_of(name: str) -> str:
    """`alice` of `users/alice`, `tt1` of `movies/tt1/ratingSummary`."""
    return name.split("/", 2)[1]


def two_ids_of(name: str) -> tuple[str, str]:
    """`tt1` and `alice` of `movies/tt1/ratings/alice`."""
    _, first, _, second = name.split("/")
    return first, second
