"""Movies that came after the training."""

import numpy as np

from recommender_service.infrastructure.learning.data import Features, HistoryEvent
from tests.unit.recommender_learning import synthetic
from tests.unit.recommender_learning.synthetic import COMEDIES, WARS

COMEDY = Features(("Comedy",), 1995)


def test_a_newcomer_is_listed_by_its_features() -> None:
    model = synthetic.model().with_items({"new": COMEDY, "other": Features(("War",), 1974)})
    listed = model.rank([HistoryEvent(COMEDIES[0]), HistoryEvent(COMEDIES[1])], 99).items
    assert listed.index("new") < listed.index("other")
    assert model.is_new("new")
    assert not model.is_new(COMEDIES[0])


def test_likes_move_a_newcomer_from_its_features_to_where_its_likers_are() -> None:
    fans = [[HistoryEvent(item) for item in WARS[start : start + 5]] for start in range(10)]
    history = [HistoryEvent(item) for item in WARS[15:18]]
    scores = []
    for likers in (0, 2, 10):
        model = synthetic.model().with_items({"new": COMEDY}, {"new": fans[:likers]})
        scores.append(float(model.scores(history)[model.items.index("new")]))
    assert scores == sorted(scores)
    assert scores[0] < scores[-1]


def test_what_was_trained_stays_and_the_rest_is_replaced() -> None:
    trained = synthetic.model()
    first = trained.with_items({COMEDIES[0]: Features(("War",), 1974), "new": COMEDY})
    second = first.with_items({"new": Features(("War",), 1974), "later": Features()})
    assert first.items == (*trained.items, "new")
    assert second.items == (*trained.items, "new", "later")
    assert np.array_equal(second.shelf.trained.vectors, trained.shelf.trained.vectors)
    assert not np.array_equal(second.shelf.new.vectors[0], first.shelf.new.vectors[0])
    assert trained.shelf.row_of("new") is None


def test_a_like_of_a_newcomer_counts() -> None:
    model = synthetic.model().with_items({"new": Features(("War",), 1974)})
    wars = sum(item in WARS for item in model.rank([HistoryEvent("new")], 10).items)
    assert wars > 5
