"""The models that a new one has to beat, as plainly as their papers have them; each learns and then answers questions.

Item-kNN: Sarwar et al. (2001). ALS: Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets" (2008). EASE: see
`neighbours`. Settings are usual ones of each model, chosen once and the same for every data set.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from lightfm import LightFM

from recommender_service.infrastructure.learning.arrays import Floats, Scores
from recommender_service.infrastructure.learning.data import LIKE, Catalogue, Interactions
from recommender_service.infrastructure.learning.evaluation.asking import Answers
from recommender_service.infrastructure.learning.evaluation.protocols import Question
from recommender_service.infrastructure.learning.features import feature_table, with_identity
from recommender_service.infrastructure.learning.neighbours import find_neighbours
from recommender_service.infrastructure.learning.parameters import Neighbours
from recommender_service.infrastructure.learning.ranking import best

Learns = Callable[[Interactions, Catalogue, int], Answers]


class Scored:
    """Lists by the scores that a function gives to all movies; what the user knows is left out."""

    def __init__(self, items: Sequence[str], score: Callable[[Question, Floats], Scores]) -> None:
        self._items, self._score = items, score
        self._rows = {item: row for row, item in enumerate(items)}

    def __call__(self, question: Question, count: int) -> Sequence[str]:
        known = np.array([self._rows[event.item] for event in question.history], np.intp)
        liked = np.zeros(len(self._items), np.float32)
        liked[known] = [event.weight >= LIKE for event in question.history]
        scores = np.array(self._score(question, liked), np.float32)
        scores[known] = -np.inf
        return [self._items[row] for row in best(scores, count)]


def most_popular(train: Interactions, catalogue: Catalogue, seed: int) -> Answers:
    counts = np.bincount(train.item[train.liked], minlength=len(train.items)).astype(np.float32)
    return Scored(train.items, lambda question, liked: counts)


def item_knn(train: Interactions, catalogue: Catalogue, seed: int, nearest: int = 100) -> Answers:
    likes = _likes(train)
    together = (likes.T @ likes).toarray()
    lengths = np.sqrt(np.maximum(together.diagonal(), 1))
    cosine = together / lengths / lengths[:, None]
    np.fill_diagonal(cosine, 0)
    if nearest < len(cosine):
        cosine[cosine < np.partition(cosine, -nearest, axis=0)[-nearest]] = 0
    return Scored(train.items, lambda question, liked: liked @ cosine)


def ease(train: Interactions, catalogue: Catalogue, seed: int) -> Answers:
    """Over likes alone and without an order."""
    table = find_neighbours(train.where(train.liked), Neighbours())

    def score(question: Question, liked: Floats) -> Scores:
        places = table.place[np.flatnonzero(liked)]
        places = places[places >= 0]
        return np.bincount(table.items[places].ravel(), table.weights[places].ravel(), len(liked)).astype(np.float32)

    return Scored(train.items, score)


def implicit_als(
    train: Interactions, catalogue: Catalogue, seed: int, components: int = 32, rounds: int = 12, ridge: float = 8.0, trust: float = 8.0
) -> Answers:
    likes = _likes(train)
    draw = np.random.default_rng(seed)
    items = draw.normal(0, 0.1, (likes.shape[1], components))

    def solved(rows: sp.csr_matrix, other: Any) -> Any:
        gram = other.T @ other + ridge * np.eye(components)
        found = np.zeros((rows.shape[0], components))
        for row in range(rows.shape[0]):
            chosen = other[rows.indices[rows.indptr[row] : rows.indptr[row + 1]]]
            if len(chosen):
                factor = scipy.linalg.cho_factor(gram + trust * chosen.T @ chosen)
                found[row] = scipy.linalg.cho_solve(factor, (1 + trust) * chosen.sum(axis=0))
        return found

    turned = likes.T.tocsr()
    for _ in range(rounds):
        items = solved(turned, solved(likes, items))
    return Scored(train.items, lambda question, liked: items @ solved(sp.csr_matrix(liked), items)[0])


def lightfm(components: int, learning_rate: float, epochs: int, item_alpha: float, max_sampled: int, hybrid: bool) -> Learns:
    """As it is mostly served: the user's vector is the one of the last training."""

    def learn(train: Interactions, catalogue: Catalogue, seed: int) -> Answers:
        _, features = feature_table(train.items, catalogue)
        table = with_identity(features) if hybrid else sp.identity(len(train.items), format="csr", dtype=np.float32)
        model = LightFM(
            no_components=components,
            loss="warp",
            learning_rate=learning_rate,
            item_alpha=item_alpha,
            max_sampled=max_sampled,
            random_state=seed,
        )
        model.fit(_likes(train).tocoo(), item_features=table, epochs=epochs, num_threads=1)
        vectors, biases = table @ model.item_embeddings, table @ model.item_biases
        users = dict(zip(train.users, model.user_embeddings, strict=True))
        return Scored(train.items, lambda question, liked: vectors @ users[question.user] + biases)

    return learn


def _likes(train: Interactions) -> sp.csr_matrix:
    liked = train.where(train.liked)
    return sp.csr_matrix((np.ones(len(liked), np.float32), (liked.user, liked.item)), shape=(len(train.users), len(train.items)))


BASELINES: Final[Mapping[str, Learns]] = {
    "most popular": most_popular,
    "item-kNN, cosine": item_knn,
    "implicit ALS": implicit_als,
    "EASE": ease,
    "LightFM WARP, defaults": lightfm(10, 0.05, 30, 0.0, 10, hybrid=False),
    "LightFM WARP, tuned": lightfm(64, 0.02, 50, 1e-4, 100, hybrid=False),
    "LightFM hybrid": lightfm(64, 0.02, 50, 1e-4, 100, hybrid=True),
}
