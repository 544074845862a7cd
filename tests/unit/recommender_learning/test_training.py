"""Training: what it learns, that it repeats itself, and the data that are hardly any."""

from dataclasses import replace

import numpy as np
import pytest

from recommender_service.infrastructure.learning.data import LIKE, WEAK, Catalogue, Features, HistoryEvent, Interaction, Interactions
from recommender_service.infrastructure.learning.errors import Diverged, NothingToLearn
from recommender_service.infrastructure.learning.evaluation.gate import hold_out, metrics
from recommender_service.infrastructure.learning.features import feature_table, with_identity
from recommender_service.infrastructure.learning.model import Model
from recommender_service.infrastructure.learning.parameters import Taste
from recommender_service.infrastructure.learning.towers import train_taste
from recommender_service.infrastructure.learning.train import train
from tests.unit.recommender_learning import synthetic
from tests.unit.recommender_learning.synthetic import CATALOGUE, COMEDIES, QUICK, WARS


def _finite(model: Model) -> bool:
    return all(np.isfinite(array).all() for array in (model.shelf.trained.vectors, model.shelf.trained.sources))


def test_it_learns_who_likes_what() -> None:
    listed = synthetic.model().rank([HistoryEvent(COMEDIES[0]), HistoryEvent(COMEDIES[1])], 10).items
    assert set(listed) <= set(COMEDIES)
    assert set(synthetic.model().rank([HistoryEvent(WARS[0]), HistoryEvent(WARS[1])], 10).items) <= set(WARS)


def test_it_beats_the_chance_of_a_shuffled_history() -> None:
    known, hidden = hold_out(synthetic.interactions())
    shuffled = replace(known, item=np.random.default_rng(1).permutation(known.item))
    learned, not_learned = (metrics(train(data, CATALOGUE, QUICK), known, hidden)["ndcg@10"] for data in (known, shuffled))
    assert learned > not_learned


def test_the_same_data_and_seed_make_the_same_model() -> None:
    again = train(synthetic.interactions(), CATALOGUE, QUICK)
    assert again.manifest.version == synthetic.model().manifest.version
    assert np.array_equal(again.shelf.trained.vectors, synthetic.model().shelf.trained.vectors)
    assert np.array_equal(again.shelf.trained.sources, synthetic.model().shelf.trained.sources)


def test_another_seed_or_other_data_make_another_version() -> None:
    other_seed = train(synthetic.interactions(10), CATALOGUE, replace(QUICK, seed=2)).manifest.version
    assert len({other_seed, train(synthetic.interactions(10), CATALOGUE, QUICK).manifest.version, synthetic.model().manifest.version}) == 3


def test_folding_a_history_in_comes_near_to_the_trained_vectors() -> None:
    """Without fading, and with hardly a ridge: what is left is what a linear map cannot say."""
    data = synthetic.interactions()
    likes = data.where(data.liked)
    plain = replace(QUICK, taste=replace(QUICK.taste, ridge=0.1, floor=1.0))
    trained = train_taste(likes, with_identity(feature_table(likes.items, CATALOGUE)[1]), plain, lambda done: None).sources
    model = train(data, CATALOGUE, plain)
    for user in range(len(data.users)):
        past = model.past([HistoryEvent(likes.items[item]) for item in likes.item[likes.user == user]])
        folded = past.taste @ model.shelf.sources(past.rows)[:, : plain.taste.components]
        assert folded @ trained[user] > 0.9 * np.linalg.norm(folded) * np.linalg.norm(trained[user])


def test_nothing_to_learn_is_said() -> None:
    with pytest.raises(NothingToLearn, match="no like among 0 interactions"):
        train(Interactions.of([]), CATALOGUE, QUICK)
    with pytest.raises(NothingToLearn, match="no like among 1 interactions"):
        train(Interactions.of([Interaction("a", "x", WEAK, 1)]), CATALOGUE, QUICK)


def test_one_user_makes_a_model() -> None:
    rows = [Interaction("a", COMEDIES[number], LIKE, number) for number in range(3)]
    model = train(Interactions.of(rows), CATALOGUE, QUICK)
    assert _finite(model)
    assert set(model.rank([HistoryEvent(COMEDIES[0])], 10).items) == set(COMEDIES[1:3])


def test_one_movie_makes_a_model() -> None:
    model = train(Interactions.of(Interaction(user, "x", LIKE, 1) for user in "abc"), Catalogue(), QUICK)
    assert _finite(model)
    assert model.rank([], 5).items == ("x",)
    assert model.rank([HistoryEvent("x")], 5).items == ()


def test_one_like_each_makes_a_model_of_what_is_popular() -> None:
    rows = [Interaction(f"u{number}", "hit" if number % 4 else f"x{number}", LIKE, 1) for number in range(40)]
    model = train(Interactions.of(rows), Catalogue(), QUICK)
    assert _finite(model)
    assert model.rank([], 1).items == ("hit",)


def test_movies_that_nobody_knows_are_not_learned_to_be_bad() -> None:
    data = synthetic.interactions()
    with_more = Interactions.of(
        [
            Interaction(data.users[u], data.items[i], float(w), t)
            for u, i, w, t in zip(data.user, data.item, data.weight, data.time, strict=True)
        ],
        [*data.items, "unseen"],
    )
    model = train(with_more, Catalogue({**CATALOGUE.features, "unseen": Features(("Comedy",), 1995)}), QUICK)
    assert not model.knows("unseen")
    placed = (
        model.with_items({"unseen": Features(("Comedy",), 1995)}).rank([HistoryEvent(COMEDIES[0]), HistoryEvent(COMEDIES[1])], 99).items
    )
    assert placed.index("unseen") < np.mean([placed.index(item) for item in WARS])


def test_numbers_that_run_away_are_refused() -> None:
    with pytest.raises((Diverged, ValueError)):
        train(synthetic.interactions(), CATALOGUE, replace(QUICK, taste=Taste(components=8, learning_rate=1e6)))


def test_progress_only_grows_and_ends_at_one() -> None:
    told: list[float] = []
    train(synthetic.interactions(10), CATALOGUE, QUICK, progress=lambda fraction, text: told.append(fraction))
    assert told == sorted(told)
    assert told[-1] == 1
