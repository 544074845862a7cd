"""Identity with a database of each test's own, quick hashes, and a clock that the test moves."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from identity_service.__main__ import MIGRATIONS
from identity_service.bootstrap import build_with
from identity_service.infrastructure.hashing import HashingParameters
from identity_service.infrastructure.settings import IdentitySettings
from mesh.server import Foundation, Service
from mesh.signing import SigningKey
from reelmesh.identity.v1.account_service_pb2_grpc import AccountServiceStub
from reelmesh.identity.v1.session_service_pb2_grpc import SessionServiceStub
from tests.component.identity.asking import Asking, Clock
from tests.services import serving, signing_key, stub_of

QUICK = HashingParameters(memory_kib=8, time_cost=1)
Start = Callable[..., AbstractAsyncContextManager[Asking]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """The key with which tests sign, as identity has it."""
    encoding, form, nothing = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = tmp_path / "signing-key.pem"
    path.write_bytes(signing_key().private_bytes(encoding, form, nothing))
    return path


@pytest.fixture
def start(empty_database_url: str, tmp_path: Path, key_file: Path, clock: Clock) -> Start:
    """Starts identity on the test's database, with `settings` of its own and what `serving` takes in `more`."""

    @asynccontextmanager
    async def started(settings: dict[str, Any] | None = None, **more: Any) -> AsyncIterator[Asking]:
        usual: dict[str, Any] = {"signing_key_file": key_file, "hashing": QUICK, "data_holders": ()}
        chosen = IdentitySettings(**(usual | (settings or {})))

        def build(foundation: Foundation) -> Service:
            return build_with(foundation, chosen, clock)

        async with (
            serving("identity", build, MIGRATIONS, empty_database_url, tmp_path, **more) as running,
            stub_of(running.address, AccountServiceStub) as accounts,
            stub_of(running.address, SessionServiceStub) as sessions,
        ):
            publish_key(tmp_path)
            yield Asking(running, accounts, sessions, clock)

    return started


@pytest.fixture
async def identity(start: Start) -> AsyncIterator[Asking]:
    async with start() as asking:
        yield asking


def publish_key(directory: Path) -> None:
    """Beside the name that tests give the key, the one that identity gives it."""
    jwks_file, key = directory / "jwks.json", SigningKey(directory / "signing-key.pem", "reelmesh", "reelmesh")
    keys = json.loads(jwks_file.read_text())["keys"]
    jwks_file.write_text(json.dumps({"keys": [*keys, key.public_jwk()]}))
