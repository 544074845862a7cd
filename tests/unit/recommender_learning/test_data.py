"""Interactions become columns: in order, each user and movie once, nothing that is not a number."""

import math

import pytest

from recommender_service.infrastructure.learning.data import Features, Interaction, Interactions


def test_rows_stand_in_order_of_user_time_and_item() -> None:
    rows = [Interaction("b", "y", 1, 5), Interaction("a", "x", 1, 9), Interaction("b", "x", 0.3, 5), Interaction("b", "z", 1, 1)]
    data = Interactions.of(rows, ["x", "y", "z"])
    assert data.users == ("b", "a")
    assert [data.items[item] for item in data.item] == ["z", "x", "y", "x"]
    assert data.starts.tolist() == [0, 3, 4]


def test_of_repetitions_the_last_counts() -> None:
    data = Interactions.of([Interaction("a", "x", 1, 9), Interaction("a", "x", 0.3, 11), Interaction("a", "x", 0, 2)])
    assert (data.weight.tolist(), data.time.tolist()) == ([pytest.approx(0.3)], [11])


def test_weights_are_kept_between_0_and_1() -> None:
    data = Interactions.of([Interaction("a", "x", -4, 1), Interaction("a", "y", 7, 2)])
    assert data.weight.tolist() == [0, 1]


@pytest.mark.parametrize(("weight", "time"), [(math.nan, 1), (1, math.nan), (math.inf, 1)])
def test_what_is_not_a_number_is_refused(weight: float, time: float) -> None:
    with pytest.raises(ValueError, match="not a number"):
        Interactions.of([Interaction("a", "x", weight, time)])


def test_features_have_names() -> None:
    assert Features(("Drama",), 1994).names == ("genre:Drama", "year:1994", "decade:1990")
    assert Features().names == ()
