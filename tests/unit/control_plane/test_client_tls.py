"""What clients of the mesh are told where its processes show certificates."""

from pathlib import Path

import pytest
from envoy_data_plane.envoy.config.cluster.v3 import Cluster
from envoy_data_plane.envoy.extensions.transport_sockets.tls.v3 import Secret, UpstreamTlsContext
from envoy_data_plane.envoy.service.discovery.v3 import DiscoveryRequest, DiscoveryResponse

from mesh.control_plane.client_tls import secrets_in
from mesh.control_plane.clusters import grpc_cluster, http2_cluster
from mesh.control_plane.requests import parse
from mesh.control_plane.resources import CDS, SDS, Resource
from mesh.control_plane.subscriptions import ClientState, Counts
from mesh.tls.identity import Identity
from tests.unit.control_plane.clients import built, movie

IDENTITY = Identity(Path("/run/tls"), "example.org")
NAMES = ["certificate", "authorities"]


def context_of(cluster: Resource) -> UpstreamTlsContext:
    socket = cluster.content.unpack()
    assert isinstance(socket, Cluster)
    assert socket.transport_socket is not None
    assert socket.transport_socket.typed_config is not None
    context = socket.transport_socket.typed_config.unpack()
    assert isinstance(context, UpstreamTlsContext)
    return context


def asked(client: ClientState, kind: str, *names: str) -> list[DiscoveryResponse]:
    request = parse(bytes(DiscoveryRequest(type_url=kind, resource_names=list(names))))
    return [DiscoveryResponse.parse(response) for response in client.request(request)]


@pytest.mark.filterwarnings("ignore:CertificateValidationContext.match_subject_alt_names is deprecated")  # see `grpc_socket`
def test_a_grpc_client_looks_for_the_name_of_the_context() -> None:
    common = context_of(grpc_cluster("movie", IDENTITY)).common_tls_context
    assert common is not None
    assert common.validation_context is not None
    assert [matcher.exact for matcher in common.validation_context.match_subject_alt_names] == ["spiffe://example.org/movie"]


def test_an_envoy_looks_for_it_too_and_asks_for_its_secrets() -> None:
    common = context_of(http2_cluster("movie", IDENTITY)).common_tls_context
    assert common is not None
    assert [secret.name for secret in common.tls_certificate_sds_secret_configs] == ["certificate"]
    assert common.combined_validation_context is not None
    believed = common.combined_validation_context.default_validation_context
    assert believed is not None
    assert [each.matcher.exact for each in believed.match_typed_subject_alt_names if each.matcher] == ["spiffe://example.org/movie"]


def test_without_certificates_nothing_is_said_of_tls() -> None:
    for made in (grpc_cluster("movie"), http2_cluster("movie")):
        cluster = made.content.unpack()
        assert isinstance(cluster, Cluster)
        assert cluster.transport_socket is None


def test_an_envoy_is_told_to_read_its_own_files_and_another_one_its_own() -> None:
    paths = []
    for directory in ("/run/a", "/run/b"):
        client = ClientState("movie-1", None, Counts(), own=secrets_in(directory))
        (response,) = asked(client, SDS, *NAMES)
        secrets = [each.unpack() for each in response.resources]
        certificates = [each.tls_certificate for each in secrets if isinstance(each, Secret) and each.tls_certificate]
        paths += [each.private_key.filename for each in certificates if each.private_key]
    assert paths == ["/run/a/tls.key", "/run/b/tls.key"]


def test_a_client_that_has_no_certificates_is_given_none() -> None:
    assert asked(ClientState("movie-1", built(movie(1)), Counts(), own=secrets_in("")), SDS, *NAMES) == []


def test_a_change_of_instances_says_nothing_about_secrets_again() -> None:
    client = ClientState("movie-1", built(movie(1)), Counts(), own=secrets_in("/run/a"))
    asked(client, SDS, *NAMES)
    asked(client, CDS)
    assert client.unaffected_by(built(movie(1), movie(2)))
    assert client.changed(built(movie(1), movie(2))) == []
