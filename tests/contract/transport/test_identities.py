"""Who is let in where callers have to show a certificate, and who is not."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mesh.settings import host_and_port
from mesh.tls.grpc_credentials import dialled, named
from mesh.tls.identity import AUTHORITIES, CERTIFICATE, KEY, Identity
from stack.certificates import Certificates
from stack.probe import is_well
from tests.authorities import EXPIRED, certificates
from tests.contract.transport.conftest import TRANSPORTS, Serving, end, serve
from tests.contract.transport.test_calls import PREFIX
from tests.services import failure

Status = grpc.StatusCode
OURS = "/grpc.testing.TestService/EmptyCall"
NAMES = ("movie", "rating", "stranger")


@dataclass(frozen=True)
class Guarded:
    """`movie`, which `rating` may call; `ours` are the certificates of its authority, `others` of another one."""

    directory: Path
    serving: Serving
    ours: Certificates
    others: Certificates

    @asynccontextmanager
    async def called_by(self, identity: Identity | None, name: str = "movie") -> AsyncIterator[Any]:
        # A connection of its own: gRPC would share one that somebody else has opened.
        async with dialled(self.serving.address, name, identity) as channel:
            yield channel.unary_unary(OURS)


@pytest.fixture(scope="module", params=TRANSPORTS)
def guarded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    directory = tmp_path_factory.mktemp(request.param)
    ours, others = certificates(directory / "ours", *NAMES), certificates(directory / "others", *NAMES)
    serving = serve(request.param, directory, REELMESH_TLS_DIR=str(ours.identity("movie").directory))
    yield Guarded(directory, serving, ours, others)
    assert end(serving) == 0


async def test_a_caller_with_a_name_of_the_mesh_is_answered_and_known_by_it(guarded: Guarded) -> None:
    rating = guarded.ours.identity("rating")
    async with dialled(guarded.serving.address, "movie", rating) as channel:
        empty: Any = channel.unary_unary(OURS)
        assert await empty(b"", timeout=5) == b""
        told: Any = channel.unary_unary(PREFIX + "Metadata")
        # What a caller says of itself counts for nothing.
        said = json.loads(await told(b"", timeout=5, metadata=(("x-reelmesh-peer", rating.uri("edge")),)))
        assert said["identity"] == "rating"
        health: Any = health_pb2_grpc.HealthStub(channel)
        assert (await health.Check(health_pb2.HealthCheckRequest(), timeout=5)).status == health_pb2.HealthCheckResponse.SERVING


async def test_a_certificate_with_a_name_that_may_not_call_is_refused(guarded: Guarded) -> None:
    async with guarded.called_by(guarded.ours.identity("stranger")) as call:
        answer = await failure(call(b"", timeout=5))
    assert (answer.code, answer.reason) == (Status.PERMISSION_DENIED, "CALLER_NOT_ALLOWED")


async def test_a_certificate_of_another_authority_is_refused(guarded: Guarded) -> None:
    ours, theirs = guarded.ours.identity("rating").read(), guarded.others.identity("rating").read()
    # It believes the server, so that it is the server that refuses.
    credentials = grpc.ssl_channel_credentials(ours.authorities, theirs.key, theirs.certificate)
    await assert_no_connection(guarded, credentials)


async def test_an_expired_certificate_is_refused(guarded: Guarded, tmp_path: Path) -> None:
    expired = certificates(tmp_path, "rating", life=EXPIRED, authority=guarded.directory / "ours").identity("rating")
    files = expired.read()
    await assert_no_connection(guarded, grpc.ssl_channel_credentials(files.authorities, files.key, files.certificate))


async def test_a_caller_without_a_certificate_is_refused(guarded: Guarded) -> None:
    await assert_no_connection(guarded, grpc.ssl_channel_credentials(guarded.ours.identity("rating").read().authorities))


async def test_plain_text_is_refused(guarded: Guarded) -> None:
    async with guarded.called_by(None) as call:
        assert (await failure(call(b"", timeout=5))).code is Status.UNAVAILABLE


async def test_a_server_that_has_another_name_than_the_dialled_one_is_not_called(guarded: Guarded) -> None:
    async with guarded.called_by(guarded.ours.identity("rating"), "metadata") as call:
        assert (await failure(call(b"", timeout=5))).code is Status.UNAVAILABLE


async def test_a_renewed_certificate_is_shown_without_a_restart(guarded: Guarded) -> None:
    before = shown(guarded)
    assert shown(guarded) == before  # it is not just another one each time
    guarded.ours.renew()
    async with asyncio.timeout(5):
        while shown(guarded) == before:  # noqa: ASYNC110  # it happens in another process
            await asyncio.sleep(0.05)


def shown(guarded: Guarded) -> bytes | None:
    """The certificate by which the server introduces itself."""
    files = guarded.ours.identity("rating").directory
    context = ssl.create_default_context(cafile=files / AUTHORITIES)
    context.load_cert_chain(files / CERTIFICATE, files / KEY)
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection(host_and_port(guarded.serving.address)) as plain,
        context.wrap_socket(plain, server_hostname="movie") as tls,
    ):
        return tls.getpeercert(binary_form=True)


@pytest.mark.parametrize(("url", "well"), [("grpc://movie@{}", True), ("grpc://metadata@{}", False), ("grpc://{}", False)])
def test_a_container_asks_for_its_own_health_by_its_name(guarded: Guarded, url: str, well: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELMESH_TLS_DIR", str(guarded.ours.identity("movie").directory))
    assert is_well(url.format(guarded.serving.address)) is well


async def assert_no_connection(guarded: Guarded, credentials: grpc.ChannelCredentials) -> None:
    options = (*named("movie"), ("grpc.use_local_subchannel_pool", 1))
    async with grpc.aio.secure_channel(guarded.serving.address, credentials, options=options) as channel:
        call: Any = channel.unary_unary(OURS)
        assert (await failure(call(b"", timeout=5))).code is Status.UNAVAILABLE
