"""From the database to an artefact: what people think of movies, learnt and measured."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg

from mesh.postgres.statements import text_statement
from recommender_service.domain.interactions import Event, taste_of
from recommender_service.infrastructure.learning.artefact import save
from recommender_service.infrastructure.learning.backend import Backend, Tell, between
from recommender_service.infrastructure.learning.data import Catalogue, Features, Interaction
from recommender_service.infrastructure.learning.parameters import Parameters
from recommender_service.infrastructure.postgres.following import HISTORIES
from recommender_service.infrastructure.serving.histories import RECORD

_MOVIES = text_statement("""
    SELECT movie_no, movie_id, active, CASE WHEN told_genres = '{}' THEN genres ELSE told_genres END, release_year FROM movies
""")
# Of the whole work: before the backend begins, and when it has ended.
_READ, _LEARNT = 0.02, 0.98


def train_from_database(database_url: str, directory: Path, seed: int, backend: Backend, tell: Tell) -> dict[str, Any]:
    """The manifest, in what JSON can say. Raises NothingToLearn, Diverged, BackendMissing, ArtefactNotWritten, and FileExistsError when the
    directory is there."""
    tell(0.0, "reading")
    parameters = replace(Parameters(), seed=seed or Parameters().seed)
    opinions, catalogue = _read(database_url)
    model = backend.learn(opinions, catalogue, parameters, between(_READ, _LEARNT, tell))
    tell(_LEARNT, "writing")
    directory.parent.mkdir(parents=True, exist_ok=True)
    manifest = save(model, directory)
    return {
        "metrics": {name: float(figure) for name, figure in manifest.metrics.items()},
        "parameters": {"seed": str(manifest.parameters.seed), "backend": manifest.parameters.backend},
        "users": manifest.data.users,
        "movies": manifest.data.items,
        "interactions": manifest.data.interactions,
        "data_time": manifest.data.last_time,
    }


def _read(database_url: str) -> tuple[Iterator[Interaction], Catalogue]:
    """As of one moment; opinions user by user, as they are asked for."""
    connection = psycopg.connect(database_url, application_name="reelmesh training")
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    ids, features = dict[int, str](), dict[str, Features]()
    for number, movie, active, genres, year in connection.execute(_MOVIES.sql).fetchall():
        ids[number] = movie
        if active:
            features[movie] = Features(tuple(genres), year)
    return _opinions(connection, ids), Catalogue(features)


def _opinions(connection: psycopg.Connection[Any], ids: dict[int, str]) -> Iterator[Interaction]:
    """The connection is closed after the last one: a transaction as long as a training would hold back vacuum."""
    with connection, connection.cursor(name="histories", binary=True) as cursor:
        cursor.itersize = 2_000
        for user, records in cursor.execute(HISTORIES.sql):
            events = (Event(ids[movie], kind, value, time) for movie, time, kind, value in RECORD.iter_unpack(records))
            for opinion in taste_of(events).opinions:
                yield Interaction(user, opinion.movie, opinion.weight, opinion.time)
