"""How interest fades, once for Python and once for SQL."""

from typing import Final

from recommender_service.domain.interactions import (
    CLICK_INTEREST,
    LIKED,
    LIKED_HALF_STARS,
    VIEW_INTEREST,
    WATCHED_PERCENT,
    WEAK,
    Kind,
)

_DAY: Final = 86_400.0
TRENDING_HALF_LIFE: Final = 7 * _DAY
POPULAR_HALF_LIFE: Final = 365 * _DAY
# 2 to this power is still a number; what is older counts the same next to nothing.
_LOWEST_POWER: Final = -1000.0

# The same as domain.interactions.interest_of; a test compares the two for every kind and value.
INTEREST: Final = f"""(CASE
    WHEN kind = {Kind.RATING:d} THEN CASE WHEN value >= {LIKED_HALF_STARS} THEN {LIKED} ELSE {WEAK} END
    WHEN kind = {Kind.LIKE:d} OR (kind = {Kind.WATCH_PROGRESS:d} AND value >= {WATCHED_PERCENT}) THEN {LIKED}
    WHEN kind = {Kind.VIEW:d} THEN {VIEW_INTEREST}
    WHEN kind = {Kind.CLICK:d} THEN {CLICK_INTEREST}
    ELSE 0 END)::double precision"""
# The same as a domain.interactions.weight_of that is LIKED; the test compares these, too.
LIKES: Final = f"""(kind = {Kind.LIKE:d} OR (kind = {Kind.RATING:d} AND value >= {LIKED_HALF_STARS})
    OR (kind = {Kind.WATCH_PROGRESS:d} AND value >= {WATCHED_PERCENT}))"""
TELLS_OF_TASTE: Final = f"(kind NOT IN ({Kind.VIEW:d}, {Kind.CLICK:d}) AND (kind <> {Kind.WATCH_PROGRESS:d} OR value >= {WATCHED_PERCENT}))"


def faded(seconds: float, half_life: float) -> float:
    """What an interest of 1 counts that lies `seconds` after the moment that is counted from; before it, they are negative."""
    power: float = 2.0 ** max(_LOWEST_POWER, seconds / half_life)
    return power


def faded_sql(half_life: float) -> str:
    """The interest of all rows of a group, counted from `%(since)s`."""
    seconds = "extract(epoch FROM event_time - %(since)s::timestamptz)::double precision"
    return f"sum({INTEREST} * power(2, greatest({_LOWEST_POWER}, {seconds} / {half_life})))"
