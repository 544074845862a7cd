"""`reelmesh loglevel`: how much the processes of a context log, changed while they run."""

from typing import TYPE_CHECKING, Annotated

import typer

from stack.commands.durations import seconds_of
from stack.commands.told import DEFAULT_DATA_DIR, DataDirOption, running_pid, told
from stack.directory import DataDirectory
from stack.errors import StackError
from stack.state import read_state
from stack.tokens import SigningKeys

if TYPE_CHECKING:
    from stack.channels import Channels

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "DEFAULT")
_SECONDS = 5.0


def loglevel(
    context: Annotated[str, typer.Argument(help="Whose processes: movie, or one of them: movie-1.")],
    level: Annotated[str, typer.Argument(help="DEBUG, INFO, WARNING or ERROR; DEFAULT follows the logger above again.")],
    logger: Annotated[str, typer.Option(help="One logger, such as mesh.access; all of them unless given.")] = "",
    ttl: Annotated[str, typer.Option(help="For how long: seconds, or 15m, 12h; until the process ends unless given.")] = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Change how much CONTEXT logs."""
    with told():
        if level.upper() not in _LEVELS:
            raise StackError(f"{level}: there are {', '.join(_LEVELS)}")
        from stack.channels import channels_to

        directory = DataDirectory(data_dir)
        running_pid(directory)
        state = read_state(directory.state_file)
        services = [process for process in state.processes if process.kind == "service" and process.address] if state else []
        asked = [process for process in services if context in (process.name, process.name.rpartition("-")[0])]
        if not asked:
            raise StackError(f"there is no {context}, there are {', '.join(process.name for process in services) or 'no services'}")
        token = SigningKeys(directory.secrets).token("users/admin", ["ADMIN"], 60)
        channels, seconds = channels_to(directory, asked), seconds_of("--ttl", ttl) if ttl else None
        for process in asked:
            print(f"{process.name}: {_set(channels, process.address, token, logger, level.upper(), seconds)}")


def _set(channels: "Channels", address: str, token: str, logger: str, level: str, seconds: float | None) -> str:
    """What holds now, in words."""
    import grpc

    from reelmesh.admin.v1 import admin_service_pb2 as pb
    from reelmesh.admin.v1.admin_service_pb2_grpc import AdminServiceStub

    request = pb.SetLogLevelRequest(logger=logger, level=pb.LogLevel.Value(f"LOG_LEVEL_{'UNSPECIFIED' if level == 'DEFAULT' else level}"))
    if seconds is not None:
        request.ttl.FromMilliseconds(int(seconds * 1000))
    with channels.open(address) as channel:
        try:
            answer = AdminServiceStub(channel).SetLogLevel(request, timeout=_SECONDS, metadata=(("authorization", f"Bearer {token}"),))
        except grpc.RpcError as error:
            raise StackError(f"{address} refuses: {error.details() if isinstance(error, grpc.Call) else error}") from None
    found = answer.logger
    words = f"{found.name or 'every logger'} {pb.LogLevel.Name(found.effective_level).removeprefix('LOG_LEVEL_')}"
    return f"{words} until {found.expire_time.ToDatetime():%H:%M:%S} UTC" if found.HasField("expire_time") else words
