"""Whatever is asked: nothing that is known to the user, nothing excluded, only what is allowed, best first, and always the same."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender_service.infrastructure.learning.data import LIKE, WEAK, Features, HistoryEvent
from recommender_service.infrastructure.learning.model import Model
from recommender_service.infrastructure.learning.nearest import Nearest
from recommender_service.infrastructure.learning.ranking import best, diverse
from tests.unit.recommender_learning import synthetic
from tests.unit.recommender_learning.synthetic import COMEDIES, WARS

ITEMS = (*COMEDIES, *WARS)
NEWCOMERS = {"new-comedy": Features(("Comedy",), 1996), "new-nothing": Features()}
ids = st.sampled_from((*ITEMS, *NEWCOMERS, "unknown-1", "unknown-2"))
weights = st.one_of(st.sampled_from((LIKE, WEAK, 0.0, float("nan"), float("inf"), -1.0)), st.floats(0, 1))
histories = st.lists(st.builds(HistoryEvent, ids, weights, st.floats(0, 100)), max_size=30)


@cache
def exact() -> Model:
    return synthetic.model().with_items(NEWCOMERS)


@cache
def by_index() -> Model:
    trained = synthetic.model()
    index = Nearest.over(np.asarray(trained.shelf.trained.vectors), 1)
    return Model.of(trained.shelf.trained, trained.manifest, index).with_items(NEWCOMERS)


@pytest.fixture(scope="module", params=[exact, by_index])
def model(request: pytest.FixtureRequest) -> Model:
    return request.param()  # type: ignore[no-any-return]  # one of the two above


@settings(max_examples=60, deadline=None)
@given(history=histories, exclude=st.sets(ids), allowed=st.none() | st.sets(ids), count=st.integers(0, 60), diversity=st.floats(0, 1))
def test_a_list_keeps_its_promises(
    model: Model, history: Sequence[HistoryEvent], exclude: set[str], allowed: set[str] | None, count: int, diversity: float
) -> None:
    mask = None if allowed is None else model.mask(allowed)
    ranking = model.rank(history, count, exclude=exclude, allowed=mask, diversity=diversity)
    closed = {event.item for event in history} | exclude
    possible = {item for item in model.items if item not in closed and (allowed is None or item in allowed)}
    assert len(ranking.items) == len(set(ranking.items)) == min(count, len(possible))
    assert set(ranking.items) <= possible
    assert all(np.isfinite(ranking.scores))
    if diversity == 0:
        assert list(ranking.scores) == sorted(ranking.scores, reverse=True)
    assert set(ranking.unknown) == {event.item for event in history} - set(model.items)
    assert model.rank(history, count, exclude=exclude, allowed=mask, diversity=diversity) == ranking


@settings(max_examples=60, deadline=None)
@given(history=histories)
def test_an_index_finds_what_the_exact_product_finds(history: Sequence[HistoryEvent]) -> None:
    """So few movies that every one is a candidate: what differs is the way."""
    assert by_index().rank(history, 10).items == exact().rank(history, 10).items


@settings(max_examples=60, deadline=None)
@given(history=histories, item=ids)
def test_the_parts_of_an_explanation_add_up_to_the_score(history: Sequence[HistoryEvent], item: str) -> None:
    model = exact()
    explained = model.explain(history, item)
    if item not in model.items:
        assert explained is None
        return
    assert explained is not None
    assert explained.popularity + sum(part for _, part in explained.history) == pytest.approx(explained.score, abs=1e-4)
    assert explained.score == pytest.approx(model.scores(history)[model.items.index(item)], abs=1e-4)


@settings(max_examples=60, deadline=None)
@given(history=histories)
def test_the_likes_that_speak_for_a_movie_are_the_largest_parts_of_its_explanation(history: Sequence[HistoryEvent]) -> None:
    model = exact()
    likes = {model.items[row] for row, taste in zip(model.past(history).rows, model.past(history).taste, strict=True) if taste > 0}
    items = model.rank(history, 10).items
    for item, said in zip(items, model.speaking_for(history, items, 3), strict=True):
        explained = model.explain(history, item)
        assert explained is not None
        parts = dict(explained.history)
        clear = [part for movie, part in explained.history if movie in likes and part > 1e-5][:3]
        assert set(said) <= likes
        assert [parts[movie] for movie in said][: len(clear)] == pytest.approx(clear, abs=1e-5)
        assert len(clear) <= len(said) <= 3
        assert all(parts[movie] > -1e-5 for movie in said)


def test_the_newest_of_several_events_counts() -> None:
    model = exact()
    twice = [HistoryEvent(COMEDIES[0], LIKE, 1), HistoryEvent(COMEDIES[0], 0.0, 2)]
    assert model.rank(twice, 5) == model.rank([HistoryEvent(COMEDIES[0], 0.0, 2)], 5)


def test_a_like_moves_the_next_list() -> None:
    model = exact()
    before = [HistoryEvent(item, LIKE, time) for time, item in enumerate(COMEDIES[:3])]
    after = [*before, *(HistoryEvent(item, LIKE, 10 + time) for time, item in enumerate(WARS[:3]))]
    wars = [sum(item in WARS for item in model.rank(history, 10).items) for history in (before, after)]
    assert wars[0] < wars[1]


def test_similar_movies_are_of_the_kind_and_without_the_movie_itself() -> None:
    similar = exact().similar(COMEDIES[0], 10, exclude={COMEDIES[1]})
    assert set(similar.items) <= {*COMEDIES, "new-comedy"} - {COMEDIES[0], COMEDIES[1]}
    assert all(0 < score <= 1 for score in similar.scores)
    assert exact().similar("unknown-1", 10).unknown == ("unknown-1",)


def test_chosen_genres_are_enough_for_a_list() -> None:
    cold = exact().cold(["War", "Noir"], 10, exclude={WARS[0]})
    assert set(cold.items) <= set(WARS) - {WARS[0]}
    assert (len(cold.items), cold.unknown) == (10, ("Noir",))
    assert exact().cold(["Noir"], 3).items == exact().rank([], 3).items


def test_equal_scores_keep_the_order_of_the_catalogue() -> None:
    assert best(np.array([1, 2, 2, 2, 0], np.float32), 2).tolist() == [1, 2]
    assert best(np.array([-np.inf, 1, -np.inf], np.float32), 3).tolist() == [1]
    assert best(np.zeros(0, np.float32), 3).tolist() == []


def test_diversity_prefers_what_is_not_there_yet() -> None:
    scores = np.array([3, 2.9, 2.8, 0], np.float32)
    likeness = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], np.float32)
    assert diverse(scores, likeness, 2, 0.0).tolist() == [0, 1]
    assert diverse(scores, likeness, 2, 0.5).tolist() == [0, 2]
