"""Who may read and change a review, and how its state may change."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rating_service.domain.errors import NotReviewAuthor, ReviewChanged, ReviewNotFound, ReviewRemoved
from rating_service.domain.reviews import Reader, Review, ReviewState, ReviewText

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
TEXT = ReviewText(language_code="en", spoiler=False, text="Good.")
AUTHOR, OTHER, NOBODY = Reader("alice", False), Reader("bob", False), Reader("", False)
MODERATOR, ADMIN = Reader("mod", True), Reader("root", True, True)
PUBLISHED, HIDDEN, REMOVED = ReviewState.PUBLISHED, ReviewState.HIDDEN, ReviewState.REMOVED


def review(state: ReviewState = PUBLISHED) -> Review:
    return Review(movie="tt1", review_id="r1", author="alice", content=TEXT, state=state, create_time=NOW, update_time=NOW)


@pytest.mark.parametrize("reader", [AUTHOR, OTHER, NOBODY, MODERATOR, ADMIN])
def test_everyone_reads_a_published_review(reader: Reader) -> None:
    review().require_readable_by(reader)


@pytest.mark.parametrize("state", [HIDDEN, REMOVED])
def test_others_do_not_find_a_review_that_is_not_published(state: ReviewState) -> None:
    for reader in (AUTHOR, MODERATOR, ADMIN):
        review(state).require_readable_by(reader)
    for reader in (OTHER, NOBODY):
        with pytest.raises(ReviewNotFound):
            review(state).require_readable_by(reader)


def test_a_reader_who_is_not_the_author_may_not_change_what_they_can_read() -> None:
    review().require_changeable_by(AUTHOR)
    review().require_changeable_by(ADMIN)
    for state, reader in ((PUBLISHED, OTHER), (PUBLISHED, MODERATOR), (HIDDEN, MODERATOR)):
        with pytest.raises(NotReviewAuthor):
            review(state).require_changeable_by(reader)
    with pytest.raises(ReviewNotFound):
        review(HIDDEN).require_changeable_by(OTHER)


@pytest.mark.parametrize("before", list(ReviewState))
@pytest.mark.parametrize("after", list(ReviewState))
def test_states_follow_each_other_as_the_contract_says(before: ReviewState, after: ReviewState) -> None:
    if before is REMOVED and after is not REMOVED:
        with pytest.raises(ReviewRemoved):
            review(before).moderated(after, LATER)
        return
    moderated = review(before).moderated(after, LATER)
    assert moderated.state is after
    assert (moderated.etag == review(before).etag) == (before is after)


def test_another_text_makes_another_etag_and_the_same_text_nothing() -> None:
    changed = review().rewritten(replace(TEXT, text="Bad."), LATER)
    assert (changed.content.text, changed.update_time, changed.create_time) == ("Bad.", LATER, NOW)
    assert changed.etag != review().etag
    assert review().rewritten(TEXT, LATER) == review()
    with pytest.raises(ReviewRemoved):
        review(REMOVED).rewritten(replace(TEXT, text="Bad."), LATER)


def test_a_stale_etag_is_refused_and_an_empty_one_is_any() -> None:
    review().require_etag("")
    review().require_etag(review().etag)
    with pytest.raises(ReviewChanged):
        review().require_etag("stale")


def test_likes_do_not_change_the_etag_and_a_second_review_of_the_same_name_has_another() -> None:
    assert replace(review(), like_count=9).etag == review().etag
    assert replace(review(), create_time=LATER).etag != review().etag
