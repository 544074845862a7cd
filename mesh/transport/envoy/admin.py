"""Our own Envoy's administration interface, asked from inside."""

import asyncio
import json
import os
import urllib.request
from pathlib import Path

from mesh.pages import Page
from mesh.settings import host_and_port
from mesh.transport.envoy.bootstrap import LISTENER
from mesh.transport.envoy.launch import ADMIN_ADDRESS_FILE

_PAUSE = 0.02
_OK = 200
_METRICS_SECONDS = 5.0


class Admin:
    """`address` is host:port, known once Envoy has begun to run."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.address = ""

    @classmethod
    def of_this_process(cls) -> "Admin":
        return cls(Path(os.environ[ADMIN_ADDRESS_FILE]))

    async def listening(self) -> str:
        """host:port of the listener, as soon as it takes calls."""
        while not self.address:
            self.address = self._file.read_text(encoding="utf-8").strip() if self._file.exists() else ""
            if not self.address:
                await asyncio.sleep(_PAUSE)
        self._file.unlink(missing_ok=True)
        while True:
            if (await self._ask("GET", "/ready"))[0] == _OK:
                _, body = await self._ask("GET", "/listeners?format=json")
                for listener in json.loads(body).get("listener_statuses", ()):
                    if listener["name"] == LISTENER:
                        found = listener["local_address"]["socket_address"]
                        host, port = found["address"], found["port_value"]
                        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            await asyncio.sleep(_PAUSE)

    async def drain(self) -> None:
        """Connections are told to go away with their next answer, no new ones are taken; calls under way go on."""
        await self._ask("POST", "/healthcheck/fail")
        await self._ask("POST", "/drain_listeners")

    def metrics_page(self) -> Page:
        """What Envoy has counted, for who may not reach the interface itself. To be asked in a thread of its own."""
        with urllib.request.urlopen(f"http://{self.address}/stats/prometheus?usedonly=true", timeout=_METRICS_SECONDS) as answer:
            return Page(200, answer.headers["content-type"], answer.read())

    async def _ask(self, method: str, path: str) -> tuple[int, bytes]:
        host, port = host_and_port(self.address)
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(f"{method} {path} HTTP/1.1\r\nhost: envoy\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            status = int(head.split(b" ", 2)[1])
            body = await reader.read()
        finally:
            writer.close()
        return status, _unchunked(body) if b"transfer-encoding: chunked" in head.lower() else body


def _unchunked(body: bytes) -> bytes:
    parts = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        if not length:
            break
        parts.append(rest[:length])
        body = rest[length + 2 :]
    return b"".join(parts)
