"""`reelmesh mesh`: endpoints, clients, versions and refusals, as the control planes have them."""

import json
from collections.abc import Sequence
from typing import Annotated

import typer

from reelmesh.controlplane.v1 import control_plane_service_pb2 as pb
from stack.commands.told import DEFAULT_DATA_DIR, DataDirOption, running_pid, told
from stack.directory import DataDirectory
from stack.errors import StackError
from stack.mesh_view import PlaneView, agreement, ask_control_planes, rules_in_words
from stack.state import read_state

_WIDE = 200
_RESOURCES = {
    "envoy.config.cluster.v3.Cluster": "clusters",
    "envoy.config.endpoint.v3.ClusterLoadAssignment": "endpoints",
    "envoy.config.listener.v3.Listener": "listeners",
    "envoy.config.route.v3.RouteConfiguration": "routes",
}


def mesh(
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs: the answers of reelmesh.controlplane.v1, by control plane.")
    ] = False,
) -> None:
    """Show where calls go, who has been told so, and what they said to it."""
    with told():
        directory = DataDirectory(data_dir)
        running_pid(directory)
        state = read_state(directory.state_file)
        planes = ask_control_planes(directory, state.processes if state is not None else (), whole=True)
        if not planes:
            raise StackError(f"the stack in {directory.path} has no control plane (yet)")
        if as_json:
            print(json.dumps({plane.name: _plain(plane) for plane in planes}, indent=2, ensure_ascii=False))
        else:
            _show(planes)


def _plain(plane: PlaneView) -> object:
    from google.protobuf.json_format import MessageToDict

    if plane.mesh is None:
        return None
    return {
        "mesh": MessageToDict(plane.mesh),
        "clusters": [MessageToDict(each) for each in plane.clusters],
        "clients": [MessageToDict(each) for each in plane.clients],
    }


def _show(planes: Sequence[PlaneView]) -> None:
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE)  # a pipe has no width to fit into
    console.print(agreement(planes), highlight=False)
    answering = [plane for plane in planes if plane.mesh is not None]
    if not answering:
        return
    first = answering[0]
    assert first.mesh is not None  # noqa: S101  # it answers
    for line in rules_in_words(first.mesh):
        console.print(line, highlight=False)
    endpoints = [
        (
            cluster.name,
            each.instance_id,
            each.address,
            each.zone,
            each.version,
            _word(pb.Health.Name(each.health)),
        )
        for cluster in first.clusters
        for each in cluster.endpoints
    ]
    console.print(_table(("context", "instance", "address", "zone", "version", "health"), endpoints))
    clients = [(plane.name, client.node_id, client.kind, client.zone, *_answers(client)) for plane in answering for client in plane.clients]
    console.print(_table(("control plane", "client", "kind", "zone", *_RESOURCES.values()), clients))
    refusals = [
        (plane.name, each.refuse_time.ToJsonString(), each.node_id, each.type.rpartition(".")[2], each.reason)
        for plane in answering
        if plane.mesh is not None
        for each in plane.mesh.refusals
    ]
    if refusals:
        console.print(_table(("control plane", "refused at", "client", "resources", "reason"), refusals))


def _answers(client: pb.Client) -> list[str]:
    """For each type of resources the version that the client accepted, or what it did instead."""
    by_type = {each.type: each for each in client.subscriptions}
    return [_answer(by_type[kind]) if kind in by_type else "" for kind in _RESOURCES]


def _answer(subscription: pb.Subscription) -> str:
    if subscription.state == pb.Subscription.STATE_ACKNOWLEDGED:
        return subscription.acknowledged_version[:8]
    return _word(pb.Subscription.State.Name(subscription.state))


def _word(name: str) -> str:
    """`not serving` for HEALTH_NOT_SERVING."""
    return name.partition("_")[2].replace("_", " ").lower()


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> object:
    from rich.table import Table

    table = Table(*headers, box=None, pad_edge=False, header_style="bold", title=None)
    for row in rows:
        table.add_row(*row)
    return table
