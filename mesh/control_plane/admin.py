"""What an operator may ask of a control plane (reelmesh.controlplane.v1)."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from mesh import paging
from mesh.call import Call
from mesh.control_plane.ads import AdsServer
from mesh.control_plane.ads import Client as Connected
from mesh.control_plane.readiness import serves
from mesh.control_plane.resources import CDS
from mesh.control_plane.rules import Fault as Injected
from mesh.control_plane.rules import Rules
from mesh.control_plane.subscriptions import Answer
from mesh.control_plane.subscriptions import Refusal as Refused
from mesh.control_plane.subscriptions import Subscription as Followed
from mesh.registry.port import Instance
from reelmesh.controlplane.v1 import control_plane_service_pb2 as pb

T = TypeVar("T")
_TYPE_PREFIX = "type.googleapis.com/"
_ASKED_AT_ONCE = 64
_STATES = {
    Answer.PENDING: pb.Subscription.STATE_PENDING,
    Answer.ACKNOWLEDGED: pb.Subscription.STATE_ACKNOWLEDGED,
    Answer.REFUSED: pb.Subscription.STATE_REFUSED,
}


class ControlPlaneServicer:
    """`instance_id` is the name of this control plane; `ask` says whether an instance serves."""

    def __init__(
        self, ads: AdsServer, instance_id: str, ask: Callable[[Instance], Awaitable[bool]] = serves, clock: Callable[[], float] = time.time
    ) -> None:
        self._ads = ads
        self._instance_id = instance_id
        self._ask = ask
        self._began = clock()
        self._asking = asyncio.Semaphore(_ASKED_AT_ONCE)

    async def GetMesh(self, request: pb.GetMeshRequest, call: Call) -> pb.GetMeshResponse:
        counts, rules = self._ads.counts, self._ads.rules
        snapshots = self._ads.snapshots()
        return pb.GetMeshResponse(
            mesh=pb.Mesh(
                instance_id=self._instance_id,
                start_time=_time(self._began),
                snapshots=[
                    pb.Snapshot(kind=kind, zone=zone, versions={_short(each): version for each, version in found.versions.items()})
                    for (kind, zone), found in sorted(snapshots.items())
                ],
                cluster_count=len(self._contexts()),
                endpoint_count=len(self._ads.instances),
                client_count=self._ads.clients,
                sent_count=counts.responses,
                acknowledged_count=counts.acknowledged,
                refused_count=sum(counts.refused.values()),
                refusals=[_refusal(each) for each in reversed(counts.refusals)],
                canaries=_canaries(rules),
                faults=[_fault(path, fault) for path, fault in sorted(rules.faults.items())],
            )
        )

    async def ListClusters(self, request: pb.ListClustersRequest, call: Call) -> pb.ListClustersResponse:
        after = paging.decode(request, [str])
        contexts = [context for context in self._contexts() if after is None or context > str(after[0])]
        page, more = _page(contexts, request.page_size)
        clusters = [await self._cluster(context, request.check_health) for context in page]
        return pb.ListClustersResponse(clusters=clusters, next_page_token=paging.encode([page[-1]], request) if more else "")

    async def ListClients(self, request: pb.ListClientsRequest, call: Call) -> pb.ListClientsResponse:
        after = paging.decode(request, [int])
        clients = [client for client in self._ads.connected() if after is None or client.number > int(after[0] or 0)]
        page, more = _page(clients, request.page_size)
        return pb.ListClientsResponse(
            clients=[_client(client) for client in page], next_page_token=paging.encode([page[-1].number], request) if more else ""
        )

    def _contexts(self) -> Sequence[str]:
        resources = self._ads.resources_for("")
        return sorted(resources.digests(CDS, None)) if resources is not None else []

    async def _cluster(self, context: str, check_health: bool) -> pb.Cluster:
        members = sorted((each for each in self._ads.instances if each.context == context), key=lambda each: each.instance_id)
        healths = await asyncio.gather(*(self._health(each, check_health) for each in members))
        return pb.Cluster(name=context, endpoints=[_endpoint(each, health) for each, health in zip(members, healths, strict=True)])

    async def _health(self, instance: Instance, check: bool) -> "pb.Health.ValueType":
        if not check:
            return pb.HEALTH_REGISTERED
        async with self._asking:
            return pb.HEALTH_SERVING if await self._ask(instance) else pb.HEALTH_NOT_SERVING


def _page(found: Sequence[T], wanted: int) -> tuple[Sequence[T], bool]:
    size = paging.page_size(wanted)
    return found[:size], len(found) > size


def _endpoint(instance: Instance, health: "pb.Health.ValueType") -> pb.Endpoint:
    return pb.Endpoint(
        instance_id=instance.instance_id, address=instance.address, zone=instance.zone, version=instance.version, health=health
    )


def _client(client: Connected) -> pb.Client:
    subscriptions = client.state.subscriptions if client.state is not None else {}
    return pb.Client(
        node_id=client.node,
        kind=client.kind,
        zone=client.zone,
        connect_time=_time(client.since),
        subscriptions=[_subscription(kind, found) for kind, found in sorted(subscriptions.items())],
    )


def _subscription(kind: str, found: Followed) -> pb.Subscription:
    return pb.Subscription(
        type=_short(kind),
        resource_count=len(found.sent or ()),
        sent_version=found.sent_version,
        acknowledged_version=found.acknowledged_version,
        state=_STATES[found.answer],
    )


def _refusal(found: Refused) -> pb.Refusal:
    return pb.Refusal(node_id=found.node, type=_short(found.kind), version=found.version, reason=found.reason, refuse_time=_time(found.at))


def _canaries(rules: Rules) -> list[pb.Canary]:
    return [
        pb.Canary(context=context, version=version, percent=percent)
        for context, shares in sorted(rules.canaries.items())
        for version, percent in sorted(shares.items())
    ]


def _fault(path: str, fault: Injected) -> pb.Fault:
    delay = None
    if fault.delay_ms:
        delay = Duration()
        delay.FromTimedelta(timedelta(milliseconds=fault.delay_ms))
    return pb.Fault(method=path, delay=delay, abort_code=fault.abort.name if fault.abort is not None else "", percent=fault.percent)


def _short(kind: str) -> str:
    return kind.removeprefix(_TYPE_PREFIX)


def _time(seconds: float) -> Timestamp:
    stamp = Timestamp()
    stamp.FromNanoseconds(int(seconds * 1e9))
    return stamp
