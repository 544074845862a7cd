"""What services that run in an Envoy are given: the contexts that they may call, as clusters. Their listener is in their bootstrap."""

from collections.abc import Sequence

from mesh.control_plane.clusters import context_endpoints, http2_cluster
from mesh.control_plane.resources import Builder, Resources
from mesh.control_plane.snapshot import Method, contexts_of
from mesh.registry.port import Instance


def service_host_builder(methods: Sequence[Method]) -> Builder:
    def build(instances: frozenset[Instance]) -> Resources:
        contexts = contexts_of(instances, methods)
        return Resources(
            clusters=[http2_cluster(context) for context in contexts],
            endpoints=[context_endpoints(context, instances) for context in contexts],
        )

    return build
