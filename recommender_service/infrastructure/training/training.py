"""From the database to an artefact: what people think of movies, learnt and measured."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg

from mesh.postgres.statements import text_statement
from recommender_service.domain.interactions import Event, taste_of
from recommender_service.infrastructure.learning.artefact import save
from recommender_service.infrastructure.learning.data import Catalogue, Features, Interaction, Interactions
from recommender_service.infrastructure.learning.evaluation.gate import hold_out, metrics
from recommender_service.infrastructure.learning.parameters import Parameters
from recommender_service.infrastructure.learning.train import train
from recommender_service.infrastructure.postgres.following import HISTORIES
from recommender_service.infrastructure.serving.histories import RECORD

_MOVIES = text_statement("""
    SELECT movie_no, movie_id, active, CASE WHEN told_genres = '{}' THEN genres ELSE told_genres END, release_year FROM movies
""")
# Of the whole work: reading, a model of the first part of the data to be measured, and the model of all of it.
_READ, _MEASURED = 0.05, 0.5

Tell = Callable[[float, str], None]


def train_from_database(database_url: str, directory: Path, seed: int, tell: Tell) -> dict[str, Any]:
    """The manifest, in what JSON can say. Raises NothingToLearn, ArtefactNotWritten, and FileExistsError when the directory is there."""
    tell(0.0, "reading")
    interactions, catalogue = _read(database_url)
    parameters = replace(Parameters(), seed=seed or Parameters().seed)
    known, hidden = hold_out(interactions)
    tell(_READ, "measuring")
    measured = train(known, catalogue, parameters, progress=_between(_READ, _MEASURED, tell))
    figures = metrics(measured, known, hidden)
    del measured
    model = train(interactions, catalogue, parameters, progress=_between(_MEASURED, 0.98, tell))
    tell(0.98, "writing")
    directory.parent.mkdir(parents=True, exist_ok=True)
    save(model.with_metrics(figures), directory)
    return {
        "metrics": {name: float(figure) for name, figure in figures.items()},
        "parameters": {"seed": str(parameters.seed)},
        "users": len(interactions.users),
        "movies": len(model.items),
        "interactions": len(interactions),
        "data_time": float(interactions.time.max()),
    }


def _between(low: float, high: float, tell: Tell) -> Tell:
    return lambda share, stage: tell(low + (high - low) * share, stage)


def _read(database_url: str) -> tuple[Interactions, Catalogue]:
    """As of one moment."""
    with psycopg.connect(database_url, application_name="reelmesh training") as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        ids, features = dict[int, str](), dict[str, Features]()
        for number, movie, active, genres, year in connection.execute(_MOVIES.sql).fetchall():
            ids[number] = movie
            if active:
                features[movie] = Features(tuple(genres), year)
        return Interactions.of(_opinions(connection, ids)), Catalogue(features)


def _opinions(connection: psycopg.Connection[Any], ids: dict[int, str]) -> Iterator[Interaction]:
    with connection.cursor(name="histories", binary=True) as cursor:
        cursor.itersize = 2_000
        for user, records in cursor.execute(HISTORIES.sql):
            events = (Event(ids[movie], kind, value, time) for movie, time, kind, value in RECORD.iter_unpack(records))
            for opinion in taste_of(events).opinions:
                yield Interaction(user, opinion.movie, opinion.weight, opinion.time)
