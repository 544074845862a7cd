"""From a history to the scores of movies: one inner product, and what the movies of the history say for others."""

import numpy as np

from recommender_service.infrastructure.learning.arrays import Floats, Rows
from recommender_service.infrastructure.learning.past import Past
from recommender_service.infrastructure.learning.shelf import Shelf


def user_vector(shelf: Shelf, past: Past) -> Floats:
    """Taste, trail, and a 1 that takes the bias along."""
    sources, taste = shelf.sources(past.rows), shelf.trained.taste
    return np.concatenate((past.taste @ sources[:, :taste], past.trail @ sources[:, taste:], np.ones(1, np.float32)))


def all_scores(shelf: Shelf, past: Past) -> Floats:
    """Of every movie, in the order of the shelf."""
    scores = shelf.dot(user_vector(shelf, past))
    items, said = _said(shelf, past)
    if len(items):
        count = len(shelf.trained.items)
        scores[:count] += np.bincount(items, said, count)
    return scores


def scores_of(shelf: Shelf, past: Past, rows: Rows) -> Floats:
    """Of some movies, their rows sorted."""
    scores = np.asarray(shelf.vectors(rows) @ user_vector(shelf, past), np.float32)
    items, said = _said(shelf, past)
    if len(items) and len(rows):
        places = np.minimum(np.searchsorted(rows, items), len(rows) - 1)
        meant = rows[places] == items
        scores += np.bincount(places[meant], said[meant], len(rows)).astype(np.float32)
    return scores


def neighbours_of(shelf: Shelf, past: Past) -> Rows:
    """Movies that the history speaks for."""
    return np.unique(_said(shelf, past)[0])


def parts_of(shelf: Shelf, past: Past, rows: Rows) -> Floats:
    """What each movie of the history adds to the scores of some movies, distinct and at least one, a column for each: the rest of a score
    is the bias."""
    sources, taste, vectors = shelf.sources(past.rows), shelf.trained.taste, shelf.vectors(rows)
    parts = np.asarray(
        past.taste[:, None] * (sources[:, :taste] @ vectors[:, :taste].T)
        + past.trail[:, None] * (sources[:, taste:] @ vectors[:, taste:-1].T),
        np.float32,
    )
    table = shelf.trained.neighbours
    speaking, places = _speaking(shelf, past)
    items = table.items[places]
    order = np.argsort(rows)
    columns = order[np.minimum(np.searchsorted(rows, items, sorter=order), len(rows) - 1)]
    meant = rows[columns] == items
    who = speaking[meant.nonzero()[0]]
    parts[who, columns[meant]] += table.weights[places][meant] * past.neighbours[who]  # a movie speaks for another once
    return parts


def _speaking(shelf: Shelf, past: Past) -> tuple[Rows, Rows]:
    """Which of the history have a say, and their rows in the table of neighbours."""
    inside = np.flatnonzero((past.rows < len(shelf.trained.items)) & (past.neighbours > 0))
    places = shelf.trained.neighbours.place[past.rows[inside]]
    return inside[places >= 0], places[places >= 0].astype(np.intp)


def _said(shelf: Shelf, past: Past) -> tuple[Rows, Floats]:
    """Movies and what is said for them, flat and with repetitions."""
    table = shelf.trained.neighbours
    speaking, places = _speaking(shelf, past)
    said = table.weights[places] * past.neighbours[speaking, None]
    return table.items[places].ravel().astype(np.intp), np.asarray(said, np.float32).ravel()
