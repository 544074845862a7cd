"""A service in this process on port 0, and what its tests need to call it."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import grpc
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from mesh.postgres.migrations import migrate
from mesh.server import Build, RunningService
from mesh.settings import Settings

KEY_ID = "test"
_DAY = 86_400  # seconds; a token is made once for a whole run
Metadata = Sequence[tuple[str, str]]
S = TypeVar("S")
D = TypeVar("D", bound=Message)


@cache
def signing_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def write_jwks(path: Path) -> Path:
    """The public half of `signing_key`, as services read it."""
    path.write_text(json.dumps({"keys": [jwk(signing_key())]}))
    return path


def jwk(key: Ed25519PrivateKey, key_id: str = KEY_ID) -> dict[str, str]:
    """Its public half."""
    x = base64.urlsafe_b64encode(key.public_key().public_bytes_raw()).decode().rstrip("=")
    return {"kty": "OKP", "crv": "Ed25519", "kid": key_id, "use": "sig", "alg": "EdDSA", "x": x}


def signed(claims: dict[str, Any], *, key: Any = None, algorithm: str = "EdDSA", typ: str = "at+jwt", kid: str = KEY_ID) -> str:
    """A token with the usual claims changed by `claims`; None takes a claim out."""
    now = int(time.time())
    usual = {"iss": "reelmesh", "aud": "reelmesh", "sub": "users/alice", "roles": ["USER"], "iat": now, "exp": now + _DAY}
    content = {name: value for name, value in (usual | claims).items() if value is not None}
    return jwt.encode(content, signing_key() if key is None else key, algorithm=algorithm, headers={"typ": typ, "kid": kid})


@cache
def token(subject: str = "users/alice", *roles: str) -> Metadata:
    """Call metadata of `subject`, with the role USER unless others are named."""
    return (("authorization", f"Bearer {signed({'sub': subject, 'roles': list(roles or ('USER',))})}"),)


ADMIN = "ADMIN"


def admin() -> Metadata:
    return token("users/admin", ADMIN)


@asynccontextmanager
async def serving(
    context: str,
    build: Build,
    migrations: str,
    database_url: str,
    directory: Path,
    *,
    nats_url: str = "nats://127.0.0.1:9",
    dial: Callable[[str], str] = lambda context: "127.0.0.1:9",
    **settings: Any,
) -> AsyncIterator[RunningService]:
    """The service under test. Without `nats_url` and `dial`, events and other contexts are away: port 9 refuses."""
    chosen = Settings(
        database_url=database_url,
        nats_url=nats_url,
        jwks_file=write_jwks(directory / "jwks.json"),
        drain_seconds=0.5,
        instance_id=f"{context}-test",
        **settings,
    )
    await asyncio.to_thread(migrate, database_url, migrations)
    service = RunningService(context, build, chosen, dial=dial)
    await service.start()
    try:
        yield service
    finally:
        await service.drain()


@asynccontextmanager
async def stub_of(address: str, kind: Callable[[Any], S]) -> AsyncIterator[S]:
    """A generated stub on a plain channel, as other people's programs have it."""
    async with grpc.aio.insecure_channel(address) as channel:
        yield kind(channel)


class Answer:
    """The status that a call was answered with, unpacked."""

    def __init__(self, error: grpc.aio.AioRpcError) -> None:
        self.code = error.code()
        self.message = error.details() or ""
        self.status = rpc_status.from_call(error) or status_pb2.Status()  # type: ignore[arg-type]  # it has what from_call reads
        self.info = self.detail(error_details_pb2.ErrorInfo)

    @property
    def reason(self) -> str:
        return self.info.reason if self.info else ""

    @property
    def fields(self) -> list[str]:
        """The fields named by a BadRequest, in order."""
        bad = self.detail(error_details_pb2.BadRequest)
        return [violation.field for violation in bad.field_violations] if bad else []

    def detail(self, kind: type[D]) -> D | None:
        found = kind()
        for packed in self.status.details:
            if packed.Unpack(found):
                return found
        return None


async def failure(call: Any) -> Answer:
    """The error of a call that must fail."""
    try:
        answer = await call
    except grpc.aio.AioRpcError as error:
        return Answer(error)
    raise AssertionError(f"answered {answer}")
