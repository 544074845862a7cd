"""Zones are priorities, versions are shares: where the calls of a context go, as every kind of client is told."""

from hypothesis import given
from hypothesis import strategies as st

from mesh.control_plane.endpoints import context_endpoints
from mesh.registry.port import Instance


def instance(number: int, zone: str = "a", version: str = "v1") -> Instance:
    return Instance("movie", f"movie-{number}", "127.0.0.1", 5000 + number, version, zone)


def told(instances: list[Instance], canaries: dict[str, float] | None = None, zone: str = "") -> dict[int, dict[tuple[str, str], float]]:
    """Priority → (zone, group) → part of the calls of this priority."""
    found: dict[int, dict[tuple[str, str], float]] = {}
    for each in context_endpoints("movie", instances, canaries or {}, zone).endpoints:
        assert each.locality is not None
        assert each.lb_endpoints
        found.setdefault(each.priority, {})[each.locality.zone, each.locality.sub_zone] = each.load_balancing_weight or 0
    return {
        priority: {key: weight / sum(weights.values()) for key, weight in weights.items()} for priority, weights in sorted(found.items())
    }


def test_the_own_zone_comes_first_and_the_others_are_there_for_when_it_fails() -> None:
    instances = [instance(1, "a"), instance(2, "b"), instance(3, "b"), instance(4, "c")]
    assert told(instances, zone="b") == {0: {("b", ""): 1.0}, 1: {("a", ""): 0.5, ("c", ""): 0.5}}


def test_without_an_instance_in_the_own_zone_all_are_alike() -> None:
    instances = [instance(1, "a"), instance(2, "b"), instance(3, "b")]
    assert told(instances, zone="c") == told(instances) == {0: {("a", ""): 1 / 3, ("b", ""): 2 / 3}}


def test_a_canary_gets_its_share_however_many_instances_it_has() -> None:
    instances = [instance(1), instance(2), instance(3, version="v2"), instance(4, version="v2"), instance(5, version="v2")]
    assert told(instances, {"v2": 10}) == {0: {("a", ""): 0.9, ("a", "v2"): 0.1}}


def test_a_canary_in_another_zone_gets_its_share_from_everywhere() -> None:
    instances = [instance(1, "a"), instance(2, "b"), instance(3, "b", "v2")]
    assert told(instances, {"v2": 20}, "a") == {0: {("a", ""): 0.8, ("b", "v2"): 0.2}, 1: {("b", ""): 1.0}}


def test_a_version_with_nothing_is_left_out_as_long_as_there_is_another() -> None:
    assert told([instance(1), instance(2, version="v2")], {"v2": 0}) == {0: {("a", ""): 1.0}}
    assert told([instance(2, version="v2")], {"v2": 0}) == {0: {("a", "v2"): 1.0}}


def test_a_version_with_everything_leaves_the_others_out() -> None:
    assert told([instance(1), instance(2, version="v2")], {"v2": 100}) == {0: {("a", "v2"): 1.0}}


def test_the_share_of_a_version_that_does_not_run_goes_to_those_that_do() -> None:
    assert told([instance(1), instance(2, "b")], {"v2": 50}) == {0: {("a", ""): 0.5, ("b", ""): 0.5}}


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["v1", "v2", "v3"])), max_size=12),
    st.dictionaries(st.sampled_from(["v2", "v3"]), st.floats(0, 50)),
    st.sampled_from(["", "a", "b", "d"]),
)
def test_priorities_have_no_gap_localities_no_double_and_weights_no_zero(
    placed: list[tuple[str, str]], canaries: dict[str, float], zone: str
) -> None:
    """gRPC refuses anything else as a whole."""
    instances = [instance(number, zone, version) for number, (zone, version) in enumerate(placed)]
    found = context_endpoints("movie", instances, canaries, zone).endpoints
    assert sorted({each.priority for each in found}) == list(range(len({each.priority for each in found})))
    keys = [(each.priority, each.locality.zone, each.locality.sub_zone) for each in found if each.locality]
    assert len(keys) == len(set(keys))
    assert bool(found) == bool(instances)
    for priority in {each.priority for each in found}:
        weights = [each.load_balancing_weight or 0 for each in found if each.priority == priority]
        assert min(weights) > 0
        assert sum(weights) < 2**32
