"""What the control planes of a running stack say about the mesh."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import grpc

from reelmesh.controlplane.v1 import control_plane_service_pb2 as pb
from reelmesh.controlplane.v1.control_plane_service_pb2_grpc import ControlPlaneServiceStub
from stack.channels import Channels, channels_to
from stack.directory import DataDirectory
from stack.state import ProcessEntry
from stack.tokens import SigningKeys

P = TypeVar("P", pb.ListClustersResponse, pb.ListClientsResponse)

_ASKED_FOR = 5.0  # seconds
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class PlaneView:
    """One control plane; `mesh` is None when it does not answer."""

    name: str
    mesh: pb.Mesh | None = None
    clusters: Sequence[pb.Cluster] = ()
    clients: Sequence[pb.Client] = ()


def ask_control_planes(directory: DataDirectory, processes: Sequence[ProcessEntry], *, whole: bool) -> list[PlaneView]:
    """`whole`: clusters with the health of their endpoints, and clients, too."""
    planes = [process for process in processes if process.kind == "control-plane"]
    token = SigningKeys(directory.secrets).token("users/operator", ["ADMIN"], 60) if planes else ""
    channels = channels_to(directory, planes)
    return [_ask(plane, channels, token, whole) for plane in planes]


def _ask(plane: ProcessEntry, channels: Channels, token: str, whole: bool) -> PlaneView:
    metadata = (("authorization", f"Bearer {token}"),)
    with channels.open(plane.address) as channel:
        stub = ControlPlaneServiceStub(channel)

        def clusters(page_token: str) -> pb.ListClustersResponse:
            request = pb.ListClustersRequest(page_size=_MOST, page_token=page_token, check_health=True)
            return stub.ListClusters(request, metadata=metadata, timeout=_ASKED_FOR)

        def clients(page_token: str) -> pb.ListClientsResponse:
            return stub.ListClients(pb.ListClientsRequest(page_size=_MOST, page_token=page_token), metadata=metadata, timeout=_ASKED_FOR)

        try:
            mesh = stub.GetMesh(pb.GetMeshRequest(), metadata=metadata, timeout=_ASKED_FOR).mesh
            if not whole:
                return PlaneView(plane.name, mesh)
            found = [each for page in _pages(clusters) for each in page.clusters]
            return PlaneView(plane.name, mesh, found, [each for page in _pages(clients) for each in page.clients])
        except grpc.RpcError:
            return PlaneView(plane.name)


def _pages(ask: Callable[[str], P]) -> Iterator[P]:
    page = ask("")
    yield page
    while page.next_page_token:
        page = ask(page.next_page_token)
        yield page


def agreement(planes: Sequence[PlaneView]) -> str:
    """One sentence for `reelmesh status`."""
    answering = [plane.mesh for plane in planes if plane.mesh is not None]
    if not answering:
        return "no control plane answers: everybody goes on with what is known"
    first = answering[0]
    different = any(_common(each) != _common(first) for each in answering[1:])
    parts = [
        f"{len(answering)} of {len(planes)} control planes{', which differ' if different else ''}",
        f"{first.cluster_count} clusters with {first.endpoint_count} endpoints",
        f"{sum(each.client_count for each in answering)} clients",
        f"{sum(each.refused_count for each in answering)} refusals",
    ]
    return ", ".join(parts)


def rules_in_words(mesh: pb.Mesh) -> list[str]:
    """What somebody switched on."""
    canaries = [f"canary   {each.context} {each.version} gets {each.percent:g} % of the calls" for each in mesh.canaries]
    return canaries + [f"fault    {each.method[1:]}: {each.percent:g} % {_harm(each)}" for each in mesh.faults]


def _harm(fault: pb.Fault) -> str:
    late = f"{fault.delay.ToMilliseconds()} ms late" if fault.HasField("delay") else ""
    return " and ".join(part for part in (late, fault.abort_code) if part)


def _common(mesh: pb.Mesh) -> dict[tuple[str, str], dict[str, str]]:
    """Snapshots that every control plane has; those of zones exist where their clients are."""
    return {(each.kind, each.zone): dict(each.versions) for each in mesh.snapshots if not each.zone}
