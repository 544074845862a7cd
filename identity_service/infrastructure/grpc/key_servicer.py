"""KeyService."""

import asyncio
import json
from pathlib import Path

from mesh.call import Call
from mesh.errors import Unavailable
from reelmesh.identity.v1.key_service_pb2 import GetJwksRequest, GetJwksResponse, Jwk

_FIELDS = frozenset(field.name for field in Jwk.DESCRIPTOR.fields)


class KeyServicer:
    """`reelmesh.identity.v1.KeyService`: the file that services read, for everybody else."""

    def __init__(self, jwks_file: Path | None) -> None:
        self._jwks_file = jwks_file

    async def GetJwks(self, request: GetJwksRequest, call: Call) -> GetJwksResponse:
        try:
            if self._jwks_file is None:
                raise FileNotFoundError
            listed = json.loads(await asyncio.to_thread(self._jwks_file.read_text))["keys"]
            return GetJwksResponse(keys=[Jwk(**{name: key[name] for name in _FIELDS & key.keys()}) for key in listed])
        except (OSError, ValueError, KeyError) as error:
            raise Unavailable("KEYS_AWAY", "The keys cannot be read at this moment.") from error
