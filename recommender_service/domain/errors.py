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


class NoPreviousModel(RecommenderError):
    """No other model was active before."""


class TimeInFuture(RecommenderError):
    """What has not happened yet was asked for or told."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} lies in the future")
        self.field = field
