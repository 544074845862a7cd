"""A client of the xDS protocol that keeps what it is sent."""

from dataclasses import dataclass, field

from envoy_data_plane.envoy.service.discovery.v3 import DiscoveryRequest, DiscoveryResponse
from envoy_data_plane.google.rpc import Status

from mesh.control_plane.requests import parse
from mesh.control_plane.resources import Resources
from mesh.control_plane.snapshot import grpc_client_builder
from mesh.control_plane.subscriptions import ClientState, Counts
from mesh.control_plane.view import View
from mesh.registry.port import Instance
from tests.unit.control_plane.methods import METHODS


def movie(number: int, zone: str = "local") -> Instance:
    return Instance("movie", f"movie-{number}", "127.0.0.1", 5000 + number, zone=zone)


def rating(number: int) -> Instance:
    return Instance("rating", f"rating-{number}", "127.0.0.1", 6000 + number)


def built(*instances: Instance) -> Resources:
    return seen(View(frozenset(instances)))


def seen(view: View) -> Resources:
    return grpc_client_builder(METHODS)(view)


@dataclass
class Client:
    """Acknowledges nothing by itself; `received` is what arrived last, by type."""

    state: ClientState
    received: dict[str, DiscoveryResponse] = field(default_factory=dict)
    subscribed: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def asks(self, kind: str, *names: str, nonce: str | None = None, refuses: str = "") -> list[DiscoveryResponse]:
        self.subscribed[kind] = names
        last = self.received.get(kind)
        request = DiscoveryRequest(
            type_url=kind, resource_names=list(names), response_nonce=nonce if nonce is not None else last.nonce if last else ""
        )
        if refuses:
            request.error_detail = Status(code=3, message=refuses)
        # Over the wire, so that what is tested is what arrives.
        return self.hears(self.state.request(parse(bytes(request))))

    def acknowledges(self, kind: str) -> list[DiscoveryResponse]:
        return self.asks(kind, *self.subscribed[kind])

    def told(self, resources: Resources) -> list[DiscoveryResponse]:
        return self.hears(self.state.changed(resources))

    def hears(self, responses: list[bytes]) -> list[DiscoveryResponse]:
        parsed = [DiscoveryResponse.parse(response) for response in responses]
        self.received |= {response.type_url: response for response in parsed}
        return parsed


def connected(resources: Resources | None, counts: Counts | None = None) -> Client:
    return Client(ClientState("client", resources, counts or Counts()))
