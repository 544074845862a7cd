"""What a control plane tells operators, from an ADS server that nobody has to connect to."""

from typing import Any

from envoy_data_plane.envoy.config.core.v3 import Locality, Node
from envoy_data_plane.envoy.service.discovery.v3 import DiscoveryRequest, DiscoveryResponse
from envoy_data_plane.google.rpc import Status

from mesh.control_plane.admin import ControlPlaneServicer
from mesh.control_plane.ads import AdsServer, Client, _Stream
from mesh.control_plane.requests import Request, parse
from mesh.control_plane.resources import EDS
from mesh.control_plane.rules import NO_RULES, AbortCode, Fault
from mesh.control_plane.snapshot import grpc_client_builder
from mesh.registry.port import Instance
from reelmesh.controlplane.v1 import control_plane_service_pb2 as pb
from tests.unit.control_plane.clients import movie, rating
from tests.unit.control_plane.methods import METHODS

CALL: Any = None  # what a caller is or wants plays no part
ENDPOINTS = "envoy.config.endpoint.v3.ClusterLoadAssignment"


def published() -> AdsServer:
    ads = AdsServer(grpc_client_builder(METHODS))
    ads.publish(frozenset([movie(1, "a"), movie(2, "b"), rating(1)]))
    return ads


def servicer(ads: AdsServer) -> ControlPlaneServicer:
    async def ask(instance: Instance) -> bool:
        return instance.address.endswith("5001")

    return ControlPlaneServicer(ads, "control-plane", ask, clock=lambda: 7.0)


class Connected:
    """A stream of the server, without a network."""

    def __init__(self, ads: AdsServer, number: int, zone: str = "") -> None:
        self._stream = _Stream(ads, Client(number, 5.0))
        ads._streams[self._stream] = None
        self._answers = self._stream.responses()
        self._zone = zone

    async def asks(self, nonce: str = "", refuses: str = "") -> DiscoveryResponse:
        self._stream._events.put_nowait(self._request(nonce, refuses))
        return DiscoveryResponse.parse(await anext(self._answers))

    async def answers(self, nonce: str, refuses: str = "") -> None:
        self._stream._events.put_nowait(self._request(nonce, refuses))
        self._stream._events.put_nowait(None)
        assert [each async for each in self._answers] == []

    def _request(self, nonce: str, refuses: str) -> Request:
        node = Node(id="movie-1", cluster="service", locality=Locality(zone=self._zone))
        error = Status(code=3, message=refuses) if refuses else None
        request = DiscoveryRequest(node=node, type_url=EDS, resource_names=["movie"], response_nonce=nonce, error_detail=error)
        return parse(bytes(request))


async def test_the_mesh_has_counts_versions_and_rules() -> None:
    ads = published()
    ads.apply(NO_RULES.with_canary("movie", {"v2": 10}).with_fault("/m/M", Fault(delay_ms=1_500, abort=AbortCode.INTERNAL, percent=5)))
    mesh = (await servicer(ads).GetMesh(pb.GetMeshRequest(), CALL)).mesh
    assert (mesh.instance_id, mesh.start_time.seconds, mesh.cluster_count, mesh.endpoint_count) == ("control-plane", 7, 2, 3)
    assert [(each.kind, each.zone) for each in mesh.snapshots] == [("", "")]
    assert mesh.snapshots[0].versions[ENDPOINTS] == ads.versions()[""][EDS]
    assert [(each.context, each.version, each.percent) for each in mesh.canaries] == [("movie", "v2", 10)]
    (fault,) = mesh.faults
    assert (fault.method, fault.delay.ToMilliseconds(), fault.abort_code, fault.percent) == ("/m/M", 1_500, "INTERNAL", 5)


async def test_before_the_registry_was_read_there_is_nothing() -> None:
    ads = AdsServer(grpc_client_builder(METHODS))
    assert (await servicer(ads).GetMesh(pb.GetMeshRequest(), CALL)).mesh.cluster_count == 0
    assert (await servicer(ads).ListClusters(pb.ListClustersRequest(), CALL)).clusters == []


async def test_clusters_come_in_pages_with_the_health_of_their_endpoints_when_asked() -> None:
    asked = servicer(published())
    first = await asked.ListClusters(pb.ListClustersRequest(page_size=1), CALL)
    assert [each.name for each in first.clusters] == ["movie"]
    assert {each.health for each in first.clusters[0].endpoints} == {pb.HEALTH_REGISTERED}
    second = await asked.ListClusters(pb.ListClustersRequest(page_size=1, page_token=first.next_page_token), CALL)
    assert ([each.name for each in second.clusters], second.next_page_token) == (["rating"], "")
    checked = await asked.ListClusters(pb.ListClustersRequest(check_health=True), CALL)
    assert [(each.instance_id, each.zone, each.health) for each in checked.clusters[0].endpoints] == [
        ("movie-1", "a", pb.HEALTH_SERVING),
        ("movie-2", "b", pb.HEALTH_NOT_SERVING),
    ]


async def test_a_client_is_shown_with_what_it_accepted() -> None:
    ads = published()
    client = Connected(ads, 1, "a")
    response = await client.asks()
    assert await state(ads) == (pb.Subscription.STATE_PENDING, response.version_info, "")
    await client.answers(response.nonce)
    assert await state(ads) == (pb.Subscription.STATE_ACKNOWLEDGED, response.version_info, response.version_info)
    mesh = (await servicer(ads).GetMesh(pb.GetMeshRequest(), CALL)).mesh
    assert [each.zone for each in mesh.snapshots] == ["", "a"]
    assert (mesh.client_count, mesh.sent_count, mesh.acknowledged_count, mesh.refused_count) == (1, 1, 1, 0)


async def test_what_a_client_refused_is_told_with_reason_and_time() -> None:
    ads = published()
    client = Connected(ads, 1)
    response = await client.asks()
    await client.answers(response.nonce, refuses="not this")
    assert await state(ads) == (pb.Subscription.STATE_REFUSED, response.version_info, "")
    mesh = (await servicer(ads).GetMesh(pb.GetMeshRequest(), CALL)).mesh
    (refusal,) = mesh.refusals
    assert (refusal.node_id, refusal.type, refusal.version, refusal.reason) == ("movie-1", ENDPOINTS, response.version_info, "not this")
    assert refusal.refuse_time.seconds > 0
    assert mesh.refused_count == 1


async def test_clients_come_in_pages() -> None:
    ads = published()
    for number in (1, 2, 3):
        await Connected(ads, number).asks()
    asked, token, seen = servicer(ads), "", 0
    while seen == 0 or token:
        page = await asked.ListClients(pb.ListClientsRequest(page_size=2, page_token=token), CALL)
        seen, token = seen + len(page.clients), page.next_page_token
    assert seen == 3


async def state(ads: AdsServer) -> tuple[int, str, str]:
    (client,) = (await servicer(ads).ListClients(pb.ListClientsRequest(), CALL)).clients
    (found,) = client.subscriptions
    assert (client.node_id, client.kind, client.connect_time.seconds, found.type, found.resource_count) == (
        "movie-1",
        "service",
        5,
        ENDPOINTS,
        1,
    )
    return found.state, found.sent_version, found.acknowledged_version
