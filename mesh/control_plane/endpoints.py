"""Where a context's calls go: its instances by zone and version, with priorities and weights.

Priorities and weights of localities are the two things that gRPC's clients and Envoy understand alike, whatever the way of a call: also
calls that meet no route (those of services hosted in Envoy) prefer their own zone and give a canary its share.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache

from envoy_data_plane.envoy.config.core.v3 import Address, HealthStatus, Locality, SocketAddress
from envoy_data_plane.envoy.config.endpoint.v3 import ClusterLoadAssignment, Endpoint, LbEndpoint, LocalityLbEndpoints

from mesh.control_plane.resources import Resource, resource
from mesh.control_plane.view import View
from mesh.registry.port import Instance

# Weights of one priority have to stay below 2³² together: the share of a version is cut into parts of this size.
_PARTS = 100_000
_REST = ""
Shares = tuple[tuple[str, float], ...]


def endpoints_by_context(view: View, contexts: Iterable[str]) -> list[Resource]:
    """One assignment for each context."""
    members: dict[str, set[Instance]] = defaultdict(set)
    for instance in view.instances:
        members[instance.context].add(instance)
    return [
        _assignment(context, frozenset(members[context]), tuple(sorted(view.rules.canaries.get(context, {}).items())), view.zone)
        for context in contexts
    ]


# One change concerns one context: the others are as they were, for every kind of client.
@lru_cache(maxsize=4096)
def _assignment(context: str, instances: frozenset[Instance], canaries: Shares, zone: str) -> Resource:
    return resource(context_endpoints(context, instances, dict(canaries), zone))


def context_endpoints(context: str, instances: Iterable[Instance], canaries: Mapping[str, float], zone: str = "") -> ClusterLoadAssignment:
    """Without an instance: an empty assignment, so that clients fail at once instead of waiting for one to come.

    A group is a version with a share, or all other versions together. Each group is called in `zone` as long as it has an instance
    there, and elsewhere when not; what is left is the next priority, for when those of the first cannot be reached.
    """
    groups: dict[str, list[Instance]] = defaultdict(list)
    for instance in _with_one_address_each(instances):
        groups[instance.version if instance.version in canaries else _REST].append(instance)
    shares = {group: canaries.get(group, 100 - sum(canaries.values())) for group in groups}
    # A group without a share is called only if there is no other.
    called = {group: members for group, members in groups.items() if shares[group] > 0} or groups
    near: list[LocalityLbEndpoints] = []
    far: list[LocalityLbEndpoints] = []
    for group, members in sorted(called.items()):
        own = [each for each in members if each.zone == zone]
        others = [each for each in members if each.zone != zone]
        share = shares[group] if len(called) > 1 else None
        if not own:
            own, others = others, []
        near += _localities(group, own, share, priority=0)
        far += _localities(group, others, share, priority=1)
    return ClusterLoadAssignment(cluster_name=context, endpoints=[*near, *far])


def _with_one_address_each(instances: Iterable[Instance]) -> list[Instance]:
    # An address listed twice makes gRPC refuse the whole resource; it happens when a port passes from a dead instance to a new one.
    by_address = {(each.host, each.port): each for each in sorted(instances, key=_order)}
    return sorted(by_address.values(), key=_order)


def _order(instance: Instance) -> tuple[str, str, int, str]:
    return (instance.zone, instance.host, instance.port, instance.instance_id)


def _localities(group: str, members: list[Instance], share: float | None, priority: int) -> list[LocalityLbEndpoints]:
    """Weighted by the number of instances, so that within a group each gets the same; gRPC ignores a locality without a weight."""
    zones: dict[str, list[Instance]] = defaultdict(list)
    for each in members:
        zones[each.zone].append(each)
    return [
        LocalityLbEndpoints(
            locality=Locality(zone=zone, sub_zone=group),
            load_balancing_weight=len(found) if share is None else max(1, round(_PARTS * share * len(found) / len(members))),
            lb_endpoints=[_endpoint(each) for each in found],
            priority=priority,
        )
        for zone, found in zones.items()
    ]


def _endpoint(instance: Instance) -> LbEndpoint:
    address = Address(socket_address=SocketAddress(address=instance.host, port_value=instance.port))
    return LbEndpoint(endpoint=Endpoint(address=address), health_status=HealthStatus.HEALTHY)
