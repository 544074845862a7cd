"""What can stand in the way of a list, a training or an activation; ids, not names, inside."""


class RecommenderError(Exception):
    """The root of this context's errors."""


class MovieNotFound(RecommenderError):
    def __init__(self, movie: str) -> None:
        super().__init__(f"there is no movie {movie}")
        self.movie = movie


class TrainingNotFound(RecommenderError):
    def __init__(self, training_id: str) -> None:
        super().__init__(f"there is no training {training_id}")
        self.training_id = training_id


class _AboutModel(RecommenderError):
    fact = ""

    def __init__(self, model_id: str, reason: str = "") -> None:
        super().__init__(f"model {model_id} {self.fact}{': ' if reason else ''}{reason}")
        self.model_id, self.reason = model_id, reason


class ModelNotFound(_AboutModel):
    fact = "does not exist"


class ModelAlreadyExists(_AboutModel):
    fact = "exists already"


class ModelRefused(_AboutModel):
    fact = "may not be activated"


class ModelBroken(_AboutModel):
    fact = "cannot be loaded"


class CandidateIsActive(_AboutModel):
    fact = "is the active one"


class NoPreviousModel(RecommenderError):
    """No other model was active before."""


class NoActiveModel(RecommenderError):
    """There is nothing to compare a candidate with."""


class _AboutExperiment(RecommenderError):
    fact = ""

    def __init__(self, experiment_id: str) -> None:
        super().__init__(f"experiment {experiment_id} {self.fact}")
        self.experiment_id = experiment_id


class ExperimentNotFound(_AboutExperiment):
    fact = "does not exist"


class ExperimentAlreadyExists(_AboutExperiment):
    fact = "exists already"


class ExperimentRunning(_AboutExperiment):
    fact = "has not ended"


class TimeInFuture(RecommenderError):
    """What has not happened yet was asked for or told."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} lies in the future")
        self.field = field
