"""Models that are really there, made in this process in a tenth of a second: for tests that are not about training."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from mesh.postgres.database import Database
from recommender_service.domain.models import GATE_METRIC, Model, ModelState
from recommender_service.infrastructure.events.encode import encode
from recommender_service.infrastructure.learning.artefact import save
from recommender_service.infrastructure.learning.data import LIKE, WEAK, Catalogue, Features, Interaction, Interactions
from recommender_service.infrastructure.learning.train import train
from recommender_service.infrastructure.postgres.unit_of_work import RecommenderUnitOfWork
from tests.component.recommender.tastes import COMEDIES, DRAMAS, ratings
from tests.component.recommender.telling import NOW, Telling
from tests.unit.recommender_learning.synthetic import QUICK


async def put_model(database: Database, models_dir: Path, model_id: str, state: ModelState, seed: int = 1) -> None:
    """Of the people in `tastes`; another seed makes other lists."""
    rows = (
        Interaction(each.user.removeprefix("users/"), each.movie.removeprefix("movies/"), LIKE if each.score >= 4 else WEAK, float(place))
        for place, each in enumerate(ratings(Telling(database)))
    )
    features = {movie: Features((genre,), 2000) for genre, movies in (("drama", DRAMAS), ("comedy", COMEDIES)) for movie in movies}
    save(train(Interactions.of(rows), Catalogue(features), replace(QUICK, seed=seed)), models_dir / model_id)
    await put_row(database, model_id, state)


async def put_row(database: Database, model_id: str, state: ModelState) -> None:
    """What is known of a model, without its files."""
    now = datetime.fromtimestamp(NOW, UTC)
    activated = None if state in (ModelState.TRAINED, ModelState.REFUSED) else now
    async with RecommenderUnitOfWork(database, encode) as uow:
        await uow.models.save(
            Model(model_id=model_id, state=state, create_time=now, metrics={GATE_METRIC: 0.1}, activate_time=activated, refusal="bad")
        )
        await uow.commit()
