"""Versioned xDS resources, serialised once however many clients ask for them."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import betterproto2
from envoy_data_plane.envoy.config.cluster.v3 import Cluster
from envoy_data_plane.envoy.config.core.v3 import AggregatedConfigSource, ApiVersion, ConfigSource, TypedExtensionConfig
from envoy_data_plane.envoy.config.endpoint.v3 import ClusterLoadAssignment
from envoy_data_plane.envoy.config.listener.v3 import Listener
from envoy_data_plane.envoy.config.route.v3 import RouteConfiguration
from envoy_data_plane.envoy.extensions.transport_sockets.tls.v3 import Secret
from envoy_data_plane.envoy.service.discovery.v3 import DiscoveryResponse
from envoy_data_plane.google.protobuf import Any

_PREFIX = "type.googleapis.com/envoy.config."
CDS = _PREFIX + "cluster.v3.Cluster"
EDS = _PREFIX + "endpoint.v3.ClusterLoadAssignment"
LDS = _PREFIX + "listener.v3.Listener"
RDS = _PREFIX + "route.v3.RouteConfiguration"
ECDS = _PREFIX + "core.v3.TypedExtensionConfig"
# What refers to another resource is sent after it: make before break.
TYPES = (CDS, EDS, ECDS, LDS, RDS)
SDS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"  # not among them: each client has its own

_NONCE_TAG = 5 << 3 | 2

ADS_SOURCE = ConfigSource(ads=AggregatedConfigSource(), resource_api_version=ApiVersion.V3)


def packed(message: betterproto2.Message) -> Any:
    return Any.pack(message)


@dataclass(frozen=True, slots=True)
class Resource:
    """`digest` is that of the content, so that equal content is the same version in every control plane."""

    name: str
    content: Any
    digest: str


def resource(message: Cluster | ClusterLoadAssignment | Listener | RouteConfiguration | TypedExtensionConfig | Secret) -> Resource:
    content = packed(message)
    name = message.cluster_name if isinstance(message, ClusterLoadAssignment) else message.name
    return Resource(name, content, hashlib.sha256(content.value).hexdigest())


class Resources:
    """All resources for one kind of client, immutable."""

    def __init__(
        self,
        *,
        clusters: Iterable[Resource] = (),
        endpoints: Iterable[Resource] = (),
        listeners: Iterable[Resource] = (),
        routes: Iterable[Resource] = (),
        extensions: Iterable[Resource] = (),
        secrets: Iterable[Resource] = (),
    ) -> None:
        shared = {CDS: clusters, EDS: endpoints, ECDS: extensions, LDS: listeners, RDS: routes}
        by_type = {**shared, **({SDS: secrets} if secrets else {})}
        self._by_type: Mapping[str, Mapping[str, Resource]] = {kind: {each.name: each for each in found} for kind, found in by_type.items()}
        self.versions: Mapping[str, str] = {kind: _version(found) for kind, found in self._by_type.items()}
        self._responses: dict[tuple[str, tuple[str, ...]], bytes] = {}

    def digests(self, kind: str, names: Iterable[str] | None) -> dict[str, str]:
        """name → digest of those of `names` that exist; of all when `names` is None."""
        found = self._by_type.get(kind, {})
        return {name: found[name].digest for name in (found if names is None else names) if name in found}

    def response(self, kind: str, names: Iterable[str], nonce: str) -> bytes:
        """A serialised DiscoveryResponse with those of `names` that exist."""
        key = (kind, tuple(sorted(names)))
        body = self._responses.get(key)
        if body is None:
            found = self._by_type[kind]
            contents = [found[name].content for name in key[1] if name in found]
            body = bytes(DiscoveryResponse(version_info=self.versions[kind], type_url=kind, resources=contents))
            self._responses[key] = body
        # Serialised protobuf messages that are joined are one merged message: only the nonce differs from client to client.
        # Written by hand, since it is for each response: field 5, a text of less than 128 octets.
        octets = nonce.encode()
        return body + bytes((_NONCE_TAG, len(octets))) + octets


def _version(found: Mapping[str, Resource]) -> str:
    content = "\n".join(f"{name} {found[name].digest}" for name in sorted(found))
    return hashlib.sha256(content.encode()).hexdigest()[:16]
