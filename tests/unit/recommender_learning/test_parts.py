"""The closed forms against numpy, and the rows of the trail against a list made by hand."""

import numpy as np
import pytest
import scipy.sparse as sp

from recommender_service.infrastructure.learning.data import Interaction, Interactions
from recommender_service.infrastructure.learning.errors import Diverged
from recommender_service.infrastructure.learning.fading import fading
from recommender_service.infrastructure.learning.folding import ridge_map
from recommender_service.infrastructure.learning.neighbours import find_neighbours
from recommender_service.infrastructure.learning.parameters import Neighbours, Trail
from recommender_service.infrastructure.learning.towers import trails
from tests.unit.recommender_learning import synthetic


def test_the_map_solves_the_ridge_equations() -> None:
    draw = np.random.default_rng(3)
    likes = sp.csr_matrix((draw.random((30, 12)) < 0.3).astype(np.float32))
    vectors = draw.normal(size=(30, 5)).astype(np.float32)
    dense = likes.toarray().astype(np.float64)
    expected = np.linalg.solve(dense.T @ dense + 2 * np.eye(12), dense.T @ vectors)
    assert ridge_map(likes, vectors, 2.0) == pytest.approx(expected, abs=1e-3)


def test_the_map_of_a_movie_that_nobody_likes_is_zero() -> None:
    likes = sp.csr_matrix(np.array([[1, 0], [1, 0]], np.float32))
    assert not ridge_map(likes, np.ones((2, 3), np.float32), 1.0)[1].any()


def test_neighbours_are_those_of_ease() -> None:
    data = synthetic.interactions()
    table = find_neighbours(data, Neighbours(ridge=5, kept=len(data.items)))
    chosen = np.zeros((len(data.users), len(data.items)))
    chosen[data.user, data.item] = np.where(data.weight >= 1, 1, 0.3)
    inverse = np.linalg.inv(chosen.T @ chosen + 5 * np.eye(len(data.items)))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    found = np.zeros_like(expected)
    for item, place in enumerate(table.place):
        found[item, table.items[place]] = table.weights[place]
    off = ~np.eye(len(expected), dtype=bool)
    assert found[off] == pytest.approx(expected[off], abs=1e-4)


def test_neighbours_that_cannot_be_computed_are_refused() -> None:
    with pytest.raises(Diverged, match="larger ridge"):
        find_neighbours(synthetic.interactions(), Neighbours(ridge=-50))


def test_neighbours_need_enough_likes() -> None:
    rows = [Interaction(user, item, 1, 1) for user, item in (("a", "x"), ("b", "x"), ("a", "y"), ("b", "y"), ("a", "z"))]
    table = find_neighbours(Interactions.of(rows), Neighbours(fewest_likes=2))
    assert (table.place >= 0).tolist() == [True, True, False]


def test_a_trail_goes_from_the_last_likes_to_the_next() -> None:
    likes = Interactions.of([*(Interaction("a", item, 1, time) for time, item in enumerate("wxyz")), Interaction("b", "z", 1, 9)], "wxyz")
    pasts, positives = trails(likes, Trail(length=2, following=2, fading=1.0))
    one, two = 1 / (1 + np.exp(-1)), np.exp(-1) / (1 + np.exp(-1))
    assert pasts.toarray() == pytest.approx(np.array([[1, 0, 0, 0], [two, one, 0, 0], [0, two, one, 0]]))
    assert positives.toarray().tolist() == [[0, 1, 1, 0], [0, 0, 1, 1], [0, 0, 0, 1]]


def test_fading_begins_at_one_and_keeps_a_floor() -> None:
    weights = fading(100, 5, 0.1)
    assert weights[0] == 1
    assert weights[-1] == pytest.approx(0.1)
    assert (np.diff(weights) <= 0).all()
