"""Asks each process of a running stack how it is, now: gRPC health checks, and the servers' own readiness."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from stack.channels import Channels, channels_to
from stack.component import State
from stack.directory import DataDirectory
from stack.servers.command import accepts
from stack.servers.consul import ConsulServer
from stack.servers.envoy import EnvoyServer
from stack.servers.nats import NatsServer
from stack.servers.postgres import PostgresServer
from stack.state import ProcessEntry

_ASKED_FOR = 3.0  # seconds


def check_health(directory: DataDirectory, processes: Sequence[ProcessEntry]) -> list[str]:
    """`healthy` or `unhealthy` for what runs; the supervisor's word for what does not."""

    channels = channels_to(directory, processes)

    def one(process: ProcessEntry) -> str:
        if process.state != State.HEALTHY.value:
            return process.state
        return "healthy" if _check_of(directory, process, channels)() else "unhealthy"

    with ThreadPoolExecutor(max_workers=16) as pool:
        return list(pool.map(one, processes))


def _check_of(directory: DataDirectory, process: ProcessEntry, channels: Channels) -> Callable[[], bool]:
    port = int(process.address.rpartition(":")[2] or 0)
    if process.kind == "postgres":
        return PostgresServer(directory.postgres, port=port).is_ready
    if process.kind == "nats":
        return NatsServer(directory.nats, port=port).is_ready
    if process.kind == "consul":
        return ConsulServer(directory.consul, port=port).is_ready
    if process.kind == "envoy":
        return EnvoyServer(directory.edge, directory.edge / "bootstrap.json", address=process.address).is_ready
    if process.kind in ("jaeger", "payments"):
        return lambda: accepts(process.address)
    if process.kind == "control-plane":  # it serves xDS only, to clients that keep their last answer when it is away
        return lambda: accepts(process.address)
    return lambda: grpc_serving(process.address, channels)


def grpc_serving(address: str, channels: Channels) -> bool:
    """True when the gRPC server answers the standard health check with SERVING."""
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    with channels.open(address) as channel:
        try:
            stub: Any = health_pb2_grpc.HealthStub(channel)  # its stubs are empty
            answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=_ASKED_FOR)
        except grpc.RpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
