"""Strategies for the things of this context: every field of each can be anything that the contract allows."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from rating_service.domain.ratings import ImportedRating, Rating, RatingSummary
from rating_service.domain.reviews import Review, ReviewState, ReviewText

ids = st.from_regex(r"[a-z0-9][a-z0-9-]{0,10}", fullmatch=True)
moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))
half_stars = st.integers(1, 10)
ratings = st.builds(Rating, ids, ids, half_stars, moments, moments, st.just("") | ids)
imported = st.builds(ImportedRating, ids, ids, half_stars, st.none() | moments)
histograms = st.lists(st.integers(0, 10_000), min_size=10, max_size=10).map(tuple)
summaries = st.builds(RatingSummary, ids, histograms, st.none() | moments)
contents = st.builds(ReviewText, language_code=st.sampled_from(["en", "pt-BR"]), spoiler=st.booleans(), text=st.text(min_size=1))
reviews = st.builds(
    Review,
    movie=ids,
    review_id=ids,
    author=ids,
    content=contents,
    state=st.sampled_from(ReviewState),
    create_time=moments,
    update_time=moments,
    revision=st.integers(1, 1_000_000),
    like_count=st.integers(0, 1_000_000),
    report_count=st.integers(0, 1_000_000),
)
