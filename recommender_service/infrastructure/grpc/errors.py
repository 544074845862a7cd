"""What each error of the domain is to a caller."""

from typing import Final

from mesh import errors as mesh
from mesh.handlers import ErrorTable
from recommender_service.domain import errors as domain
from recommender_service.infrastructure.grpc.names import experiment_name, model_name, movie_name, training_name

MOVIE: Final = "reelmesh.movie/Movie"
MODEL: Final = "reelmesh.recommender/Model"
TRAINING: Final = "reelmesh.recommender/Training"
EXPERIMENT: Final = "reelmesh.recommender/Experiment"


def _movie_not_found(error: domain.MovieNotFound) -> mesh.MeshError:
    return mesh.NotFound(MOVIE, movie_name(error.movie), "MOVIE_NOT_FOUND")


def _training_not_found(error: domain.TrainingNotFound) -> mesh.MeshError:
    return mesh.NotFound(TRAINING, training_name(error.training_id), "TRAINING_NOT_FOUND")


def _model_not_found(error: domain.ModelNotFound) -> mesh.MeshError:
    return mesh.NotFound(MODEL, model_name(error.model_id), "MODEL_NOT_FOUND")


def _model_already_exists(error: domain.ModelAlreadyExists) -> mesh.MeshError:
    return mesh.AlreadyExists(MODEL, model_name(error.model_id), "MODEL_ALREADY_EXISTS")


def _model_refused(error: domain.ModelRefused) -> mesh.MeshError:
    return mesh.FailedPrecondition("MODEL_REFUSED", f"The model may not be activated: {error.reason}.", model_name(error.model_id))


def _model_broken(error: domain.ModelBroken) -> mesh.MeshError:
    # The reason names files of ours: it is in the log and in the model's `refusal`.
    return mesh.FailedPrecondition("MODEL_BROKEN", "The files of the model are broken.", model_name(error.model_id))


def _no_previous_model(error: domain.NoPreviousModel) -> mesh.MeshError:
    return mesh.FailedPrecondition("NO_PREVIOUS_MODEL", "No other model was active before.", "models")


def _candidate_is_active(error: domain.CandidateIsActive) -> mesh.MeshError:
    return mesh.FailedPrecondition("CANDIDATE_IS_ACTIVE", "The candidate is the active model.", model_name(error.model_id))


def _no_active_model(error: domain.NoActiveModel) -> mesh.MeshError:
    return mesh.FailedPrecondition("NO_ACTIVE_MODEL", "No model is active that a candidate could be compared with.", "models")


def _experiment_not_found(error: domain.ExperimentNotFound) -> mesh.MeshError:
    return mesh.NotFound(EXPERIMENT, experiment_name(error.experiment_id), "EXPERIMENT_NOT_FOUND")


def _experiment_already_exists(error: domain.ExperimentAlreadyExists) -> mesh.MeshError:
    return mesh.AlreadyExists(EXPERIMENT, experiment_name(error.experiment_id), "EXPERIMENT_ALREADY_EXISTS")


def _experiment_running(error: domain.ExperimentRunning) -> mesh.MeshError:
    return mesh.FailedPrecondition("EXPERIMENT_RUNNING", "Another experiment has not ended.", experiment_name(error.experiment_id))


def _time_in_future(error: domain.TimeInFuture) -> mesh.MeshError:
    return mesh.InvalidArgument([mesh.Violation(error.field, "lies in the future")])


ERRORS: Final[ErrorTable] = {
    domain.MovieNotFound: _movie_not_found,
    domain.TrainingNotFound: _training_not_found,
    domain.ModelNotFound: _model_not_found,
    domain.ModelAlreadyExists: _model_already_exists,
    domain.ModelRefused: _model_refused,
    domain.ModelBroken: _model_broken,
    domain.NoPreviousModel: _no_previous_model,
    domain.CandidateIsActive: _candidate_is_active,
    domain.NoActiveModel: _no_active_model,
    domain.ExperimentNotFound: _experiment_not_found,
    domain.ExperimentAlreadyExists: _experiment_already_exists,
    domain.ExperimentRunning: _experiment_running,
    domain.TimeInFuture: _time_in_future,
}
