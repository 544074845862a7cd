"""The xDS protocol, request by request."""

from envoy_data_plane.envoy.service.discovery.v3 import DiscoveryResponse

from mesh.control_plane.resources import CDS, ECDS, EDS, LDS, RDS, TYPES
from mesh.control_plane.subscriptions import Counts
from tests.unit.control_plane.clients import Client, built, connected, movie, rating


def names(response: DiscoveryResponse) -> int:
    return len(response.resources)


def subscribed_to_movie(*instances: int) -> Client:
    client = connected(built(*(movie(number) for number in instances)))
    for kind in (LDS, RDS, CDS, EDS):
        client.asks(kind, "movie")
        client.acknowledges(kind)
    return client


def test_the_first_request_is_answered_and_its_acknowledgement_is_not() -> None:
    counts = Counts()
    client = connected(built(movie(1)), counts)
    (response,) = client.asks(LDS, "movie")
    assert (names(response), response.nonce, response.version_info != "") == (1, "1", True)
    assert client.acknowledges(LDS) == []
    assert (counts.responses, counts.acknowledged, counts.refused) == (1, 1, {})


def test_nothing_is_answered_before_the_registry_was_read() -> None:
    client = connected(None)
    assert client.asks(CDS) == []
    assert client.asks(EDS, "movie") == []
    assert [response.type_url for response in client.told(built(movie(1)))] == [CDS, EDS]


def test_a_change_reaches_only_those_whom_it_concerns() -> None:
    client = subscribed_to_movie(1)
    assert client.told(built(movie(1), rating(1))) == []
    (response,) = client.told(built(movie(1), movie(2), rating(1)))
    assert (response.type_url, names(response)) == (EDS, 1)


def test_only_the_changed_endpoints_are_sent() -> None:
    client = connected(built(movie(1)))
    client.asks(EDS, "movie", "rating")
    client.acknowledges(EDS)
    (response,) = client.told(built(movie(1), rating(1)))
    assert names(response) == 1


def test_equal_content_is_not_sent_again() -> None:
    client = subscribed_to_movie(1)
    assert client.told(built(movie(1))) == []


def test_pushes_come_in_the_order_that_breaks_nothing() -> None:
    client = connected(None)
    for kind in (RDS, LDS, EDS, CDS):
        client.asks(kind, *(() if kind in (CDS, LDS) else ("movie",)))
    assert TYPES == (CDS, EDS, ECDS, LDS, RDS)
    assert [response.type_url for response in client.told(built(movie(1)))] == [CDS, EDS, LDS, RDS]


def test_a_request_without_names_means_every_cluster() -> None:
    client = connected(built())
    (response,) = client.asks(CDS)
    assert names(response) == 2


def test_a_star_means_every_cluster() -> None:
    client = connected(built())
    (response,) = client.asks(CDS, "*")
    assert names(response) == 2


def test_no_names_after_names_means_nothing_any_more() -> None:
    client = connected(built(movie(1)))
    client.asks(CDS, "movie")
    (response,) = client.asks(CDS)
    assert names(response) == 0
    assert client.acknowledges(CDS) == []


def test_no_names_never_mean_all_endpoints() -> None:
    assert connected(built(movie(1))).asks(EDS) == []


def test_an_added_name_is_answered_alone_for_endpoints_and_with_all_for_clusters() -> None:
    client = subscribed_to_movie(1)
    (endpoints,) = client.asks(EDS, "movie", "rating")
    assert names(endpoints) == 1
    (clusters,) = client.asks(CDS, "movie", "rating")
    assert names(clusters) == 2


def test_a_dropped_name_needs_no_endpoints() -> None:
    client = connected(built(movie(1), rating(1)))
    client.asks(EDS, "movie", "rating")
    client.acknowledges(EDS)
    assert client.asks(EDS, "movie") == []
    assert client.told(built(movie(1), rating(2))) == []


def test_a_name_that_does_not_exist_is_answered_by_its_absence() -> None:
    client = connected(built(movie(1)))
    (response,) = client.asks(LDS, "nowhere")
    assert names(response) == 0
    client.acknowledges(LDS)
    (response,) = client.asks(LDS, "nowhere", "nobody")
    assert names(response) == 0


def test_a_name_that_begins_to_exist_is_sent() -> None:
    from mesh.registry.port import Instance

    client = connected(built())
    client.asks(EDS, "booking")
    (response,) = client.told(built(Instance("booking", "booking-1", "127.0.0.1", 1)))
    assert names(response) == 1


def test_a_request_with_an_old_nonce_is_ignored() -> None:
    client = subscribed_to_movie(1)
    old = client.received[EDS].nonce
    client.told(built(movie(2)))
    assert client.asks(EDS, "movie", "rating", nonce=old) == []
    (response,) = client.asks(EDS, "movie", "rating")  # the answer to the newer response says the same again
    assert names(response) == 1


def test_a_second_request_after_the_same_response_is_answered_again() -> None:
    client = subscribed_to_movie(1)
    (response,) = client.asks(EDS, "movie")
    assert names(response) == 1
    assert client.acknowledges(EDS) == []


def test_a_refused_configuration_is_counted_and_not_sent_again_until_it_changes() -> None:
    counts = Counts()
    client = connected(built(movie(1)), counts)
    client.asks(EDS, "movie")
    assert client.asks(EDS, "movie", refuses="no") == []
    assert (counts.acknowledged, counts.refused) == (0, {EDS: 1})
    assert client.told(built(movie(1))) == []
    (response,) = client.told(built(movie(2)))
    assert names(response) == 1
    assert client.acknowledges(EDS) == []
    assert counts.acknowledged == 1


def test_a_refusal_may_carry_a_new_name() -> None:
    client = connected(built(movie(1), rating(1)))
    client.asks(EDS, "movie")
    (response,) = client.asks(EDS, "movie", "rating", refuses="no")
    assert names(response) == 1


def test_types_that_are_not_ours_are_left_unanswered() -> None:
    assert connected(built()).asks("type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret", "x") == []


def test_a_changed_cluster_brings_its_unchanged_endpoints_along() -> None:
    from envoy_data_plane.envoy.config.cluster.v3 import Cluster

    from mesh.control_plane.endpoints import context_endpoints
    from mesh.control_plane.resources import Resources, resource

    endpoints = [resource(context_endpoints(context, [instance], {})) for context, instance in (("movie", movie(1)), ("rating", rating(1)))]
    before = Resources(clusters=[resource(Cluster(name="movie")), resource(Cluster(name="rating"))], endpoints=endpoints)
    after = Resources(
        clusters=[resource(Cluster(name="movie", alt_stat_name="changed")), resource(Cluster(name="rating"))], endpoints=endpoints
    )
    client = connected(before)
    client.asks(CDS)
    client.asks(EDS, "movie", "rating")
    assert [(response.type_url, names(response)) for response in client.told(after)] == [(CDS, 2), (EDS, 1)]


def test_a_client_that_a_change_does_not_concern_goes_on_with_the_new_state() -> None:
    client = subscribed_to_movie(1)
    assert client.state.unaffected_by(built(movie(1), rating(1)))
    (response,) = client.asks(EDS, "movie", "rating")
    assert names(response) == 1
    assert not client.state.unaffected_by(built(movie(1), movie(2), rating(1)))
