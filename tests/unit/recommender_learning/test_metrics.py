"""Figures against sums done by hand."""

import math

import pytest

from recommender_service.infrastructure.learning.evaluation.metrics import Figures, average_precision, ndcg, recall

LISTED = ["a", "b", "c", "d"]


def test_ndcg_discounts_by_place_and_divides_by_the_best_possible() -> None:
    # b in place 2 and d in place 4, of three that are right: (1/log2 3 + 1/log2 5) / (1 + 1/log2 3 + 1/log2 4)
    best = 1 + 1 / math.log2(3) + 1 / 2
    assert ndcg(LISTED, {"b", "d", "x"}) == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / best)
    assert ndcg(["b", "d", "x"], {"b", "d", "x"}) == 1
    assert ndcg([], {"x"}) == 0


def test_ndcg_looks_at_ten_places() -> None:
    assert ndcg([*"0123456789", "x"], {"x"}) == 0
    assert ndcg(list("0123456789"), set("0123456789abc")) == 1


def test_recall_divides_by_what_fits_into_the_list() -> None:
    assert recall(LISTED, {"b", "d", "x"}) == pytest.approx(2 / 3)
    many = [str(number) for number in range(20)]
    assert recall(many, {str(number) for number in range(40)}) == 1


def test_average_precision_means_the_precision_at_each_hit() -> None:
    assert average_precision(LISTED, {"b", "d", "x"}) == pytest.approx((1 / 2 + 2 / 4) / 3)


def test_coverage_novelty_and_groups() -> None:
    figures = Figures(catalogue=8, users=4, knowing={"a": 4, "b": 1})
    figures.add(["a", "b"], {"b"}, likes=1)
    figures.add(["a", "c"], {"x"}, likes=7)
    means = figures.means()
    assert means["coverage@10"] == 3 / 8
    assert means["novelty@10"] == pytest.approx((0 + 2 + 0 + 2) / 4)  # nobody knows c: as if one did
    assert means["hr@10"] == 0.5
    assert figures.by_likes("hr@10", [0, 1, 5, 10]) == [(1, 1.0, 1), (5, 0.0, 1)]


def test_no_answers_give_zeros_and_no_nan() -> None:
    assert set(Figures(3, 1, {}).means().values()) == {0.0}
