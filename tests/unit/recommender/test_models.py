"""The life of a model and the gate."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from recommender_service.domain.errors import ModelRefused
from recommender_service.domain.models import GATE_METRIC, Model, ModelState, gate

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def model(name: str, ndcg: float, state: ModelState = ModelState.TRAINED) -> Model:
    return Model(model_id=name, state=state, create_time=NOW, metrics={GATE_METRIC: ndcg})


def test_the_first_model_passes_whatever_it_is_worth() -> None:
    assert model("new", 0.0).activated(None, 0.01, NOW).state is ModelState.ACTIVE


@pytest.mark.parametrize(("ndcg", "passes"), [(0.2, True), (0.1, True), (0.0901, True), (0.0899, False), (0.0, False)])
def test_a_new_model_may_be_worse_than_the_active_one_by_the_tolerance_and_not_more(ndcg: float, passes: bool) -> None:
    active = model("active", 0.1, ModelState.ACTIVE)
    assert (gate(model("new", ndcg), active, 0.01) == "") is passes
    if not passes:
        with pytest.raises(ModelRefused, match=r"0\.1000"):
            model("new", ndcg).activated(active, 0.01, NOW)


def test_a_model_without_figures_does_not_pass_a_gate() -> None:
    assert gate(replace(model("new", 1), metrics={}), model("active", 0.1), 0.01)


def test_a_retired_model_comes_back_without_a_gate_and_a_refused_one_never() -> None:
    active = model("active", 0.9, ModelState.ACTIVE)
    assert model("old", 0.1, ModelState.RETIRED).activated(active, 0.01, NOW).state is ModelState.ACTIVE
    with pytest.raises(ModelRefused):
        model("bad", 1.0).refused("broken").activated(active, 0.01, NOW)


def test_activating_the_active_model_changes_nothing() -> None:
    active = model("active", 0.9, ModelState.ACTIVE)
    assert active.activated(active, 0.01, NOW) is active
