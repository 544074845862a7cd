"""`reelmesh train`: trains a model in a running stack and shows how far it is."""

import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from stack.commands.told import DEFAULT_DATA_DIR, DataDirOption, edge_address, told
from stack.directory import DataDirectory
from stack.errors import StackError
from stack.tokens import SigningKeys

if TYPE_CHECKING:
    from reelmesh.recommender.v1.model_service_pb2_grpc import ModelServiceStub
    from reelmesh.recommender.v1.recommender_pb2 import Model, Training

_LOOK_SECONDS = 0.5
_CALL_SECONDS = 10.0
_PATIENCE = 30.0  # seconds without any answer

R = TypeVar("R")


def train(
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    address: Annotated[
        str, typer.Option(envvar="REELMESH_ADDRESS", help="host:port, or name@host:port with mTLS, instead of the stack's edge.")
    ] = "",
    keep_inactive: Annotated[bool, typer.Option("--keep-inactive", help="Do not activate the model, whatever it is worth.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="The same data and seed make the same model.")] = 0,
) -> None:
    """Train the recommender on what is in the stack; the model is activated when it passes the gate."""
    with told():
        directory = DataDirectory(data_dir)
        import grpc

        from reelmesh.recommender.v1.model_service_pb2 import TrainModelRequest
        from reelmesh.recommender.v1.model_service_pb2_grpc import ModelServiceStub
        from stack.channels import channels_to

        token = SigningKeys(directory.secrets).token("users/admin", ["ADMIN"], 3600)
        metadata = (("authorization", f"Bearer {token}"),)
        request = TrainModelRequest(keep_inactive=keep_inactive, seed=seed, request_id=str(uuid.uuid4()))
        with channels_to(directory).open(address or edge_address(directory)) as channel:
            models = ModelServiceStub(channel)
            try:
                training = _patiently(partial(models.TrainModel, request, metadata=metadata, timeout=_CALL_SECONDS)).training
                _show(models, _ended(models, training, metadata), metadata)
            except grpc.RpcError as error:
                raise StackError(f"the recommender refuses: {error.details() if isinstance(error, grpc.Call) else error}") from None


def _ended(models: "ModelServiceStub", training: "Training", metadata: tuple[tuple[str, str], ...]) -> "Training":
    from rich.progress import Progress

    from reelmesh.recommender.v1.model_service_pb2 import GetTrainingRequest

    with Progress(transient=True) as bar:
        task = bar.add_task("waiting", total=1.0)
        while not training.HasField("end_time"):
            time.sleep(_LOOK_SECONDS)
            asked = GetTrainingRequest(name=training.name)
            training = _patiently(partial(models.GetTraining, asked, metadata=metadata, timeout=_CALL_SECONDS)).training
            bar.update(task, completed=training.progress, description=training.stage or "waiting")
    return training


def _patiently(call: Callable[[], R]) -> R:
    """All these calls may be repeated: a late answer, or a service that starts again, is not the end of a training."""
    import grpc

    limit = time.monotonic() + _PATIENCE
    while True:
        try:
            return call()
        except grpc.RpcError as error:
            passing = isinstance(error, grpc.Call) and error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
            if not passing or time.monotonic() > limit:
                raise
        time.sleep(_LOOK_SECONDS)


def _show(models: "ModelServiceStub", training: "Training", metadata: tuple[tuple[str, str], ...]) -> None:
    from reelmesh.recommender.v1.model_service_pb2 import GetModelRequest
    from reelmesh.recommender.v1.recommender_pb2 import Model

    if not training.model:
        raise StackError(f"the training failed: {training.error}")
    model = _patiently(partial(models.GetModel, GetModelRequest(name=training.model), metadata=metadata, timeout=_CALL_SECONDS)).model
    seconds = training.end_time.ToMilliseconds() / 1000 - training.create_time.ToMilliseconds() / 1000
    state = Model.State.Name(model.state).removeprefix("STATE_").lower()
    print(f"{model.name} is {state} after {seconds:.0f} s: {model.refusal or _figures(model)}")


def _figures(model: "Model") -> str:
    figures = ", ".join(f"{name} {figure:.3f}" for name, figure in sorted(model.metrics.items()))
    return f"{model.interaction_count:,} interactions of {model.user_count:,} users with {model.movie_count:,} movies; {figures}"
