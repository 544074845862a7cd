"""How models come into being and into use. Each runs inside a unit of work that its caller commits."""

from dataclasses import replace
from datetime import datetime

from recommender_service.application.ports import UnitOfWork
from recommender_service.domain.errors import ModelAlreadyExists, ModelNotFound, ModelRefused, NoPreviousModel
from recommender_service.domain.events import ModelActivated
from recommender_service.domain.models import Model, Training, TrainingState


async def ask_for_training(uow: UnitOfWork, training: Training) -> Training:
    """The one that has not ended, if there is one; else the new one."""
    unfinished = await uow.models.unfinished_training()
    if unfinished is not None:
        return unfinished
    if await uow.models.find(training.model_id) is not None:
        raise ModelAlreadyExists(training.model_id)
    await uow.models.save_training(training)
    return training


async def complete_training(uow: UnitOfWork, training: Training, model: Model, tolerance: float, now: datetime) -> Model:
    """The model is there; activated at once when it passes the gate, refused when it does not. An experiment is not ended by it: while
    one runs, the model waits for somebody to activate it."""
    await uow.models.save(model)
    await uow.models.save_training(replace(training, state=TrainingState.SUCCEEDED, progress=1.0, stage="done", end_time=now))
    if training.keep_inactive or await uow.experiments.running() is not None:
        return model
    try:
        return await activate_model(uow, model.model_id, tolerance, now)
    except ModelRefused as refusal:
        refused = model.refused(refusal.reason)
        await uow.models.save(refused)
        return refused


async def fail_training(uow: UnitOfWork, training: Training, error: str, now: datetime) -> None:
    await uow.models.save_training(replace(training, state=TrainingState.FAILED, error=error, end_time=now))


async def activate_model(uow: UnitOfWork, model_id: str, tolerance: float, now: datetime) -> Model:
    """The caller has made sure that the model can be loaded. An experiment that runs has nothing to compare with any more, and ends."""
    model = await uow.models.find(model_id)
    if model is None:
        raise ModelNotFound(model_id)
    active = await uow.models.active()
    activated = model.activated(active, tolerance, now)
    if activated is model:
        return model
    if active is not None:
        await uow.models.save(active.retired())
    await uow.models.save(activated)
    running = await uow.experiments.running()
    if running is not None:
        await uow.experiments.save(running.stopped(f"model {model_id} has become the active one", now))
    uow.add_event(ModelActivated(activated))
    return activated


async def refuse_model(uow: UnitOfWork, model_id: str, reason: str) -> None:
    """Its files are broken. The active model is left as it is: replicas that have loaded it go on with it."""
    model = await uow.models.find(model_id)
    active = await uow.models.active()
    if model is not None and (active is None or active.model_id != model_id):
        await uow.models.save(model.refused(reason))


async def previous_model(uow: UnitOfWork) -> Model:
    previous = await uow.models.previous()
    if previous is None:
        raise NoPreviousModel
    return previous
