"""Resource names and the ids in them; the contract's patterns have been checked before a name gets here."""


def movie_name(movie: str) -> str:
    return f"movies/{movie}"


def model_name(model_id: str) -> str:
    return f"models/{model_id}" if model_id else ""


def training_name(training_id: str) -> str:
    return f"trainings/{training_id}"


def experiment_name(experiment_id: str) -> str:
    return f"experiments/{experiment_id}"


def id_of(name: str) -> str:
    """`tt1` of `movies/tt1`."""
    return name.split("/", 1)[1]
