"""How experiments begin and end. Each runs inside a unit of work that its caller commits."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from recommender_service.application.model_commands import refuse_model
from recommender_service.application.ports import UnitOfWork
from recommender_service.domain.errors import (
    CandidateIsActive,
    ExperimentAlreadyExists,
    ExperimentNotFound,
    ExperimentRunning,
    ModelNotFound,
    ModelRefused,
    NoActiveModel,
)
from recommender_service.domain.experiments import Experiment, Mode
from recommender_service.domain.models import ModelState


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to be tried."""

    experiment_id: str
    mode: Mode
    candidate: str
    share: float
    outcome_window: timedelta


async def begin_experiment(uow: UnitOfWork, trial: Trial, now: datetime) -> Experiment:
    """The caller has made sure that the candidate can be loaded."""
    if await uow.experiments.find(trial.experiment_id) is not None:
        raise ExperimentAlreadyExists(trial.experiment_id)
    running = await uow.experiments.running()
    if running is not None:
        raise ExperimentRunning(running.experiment_id)
    candidate = await uow.models.find(trial.candidate)
    if candidate is None:
        raise ModelNotFound(trial.candidate)
    active = await uow.models.active()
    if active is None:
        raise NoActiveModel
    if candidate.state is ModelState.ACTIVE:
        raise CandidateIsActive(trial.candidate)
    if candidate.state is ModelState.REFUSED:
        raise ModelRefused(trial.candidate, candidate.refusal)
    experiment = Experiment(
        experiment_id=trial.experiment_id,
        mode=trial.mode,
        control=active.model_id,
        candidate=trial.candidate,
        share=trial.share,
        outcome_window=trial.outcome_window,
        create_time=now,
    )
    await uow.experiments.save(experiment)
    return experiment


async def stop_experiment(uow: UnitOfWork, experiment_id: str, now: datetime) -> Experiment:
    experiment = await uow.experiments.find(experiment_id)
    if experiment is None:
        raise ExperimentNotFound(experiment_id)
    stopped = experiment.stopped("it was stopped", now)
    if stopped is not experiment:
        await uow.experiments.save(stopped)
    return stopped


async def fail_experiment(uow: UnitOfWork, experiment_id: str, reason: str, now: datetime) -> None:
    """Its candidate cannot be loaded: it is refused, and everybody goes on with the active model."""
    experiment = await uow.experiments.find(experiment_id)
    if experiment is not None and (failed := experiment.failed("the files of the candidate are broken", now)) is not experiment:
        await uow.experiments.save(failed)
        await refuse_model(uow, experiment.candidate, reason)
