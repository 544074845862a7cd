"""A few pages over plain HTTP for those who watch a process: metrics, scrape targets, readiness."""

import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import structlog

from mesh.settings import host_and_port

_log = structlog.get_logger(__name__)
# Beside a service's own metrics: what the Envoy around it has counted.
ENVOY_METRICS = "/envoy/metrics"
_IDLE_SECONDS = 30.0  # of a connection that is kept open


@dataclass(frozen=True, slots=True)
class Page:
    status: int
    content_type: str
    body: bytes


class PageServer:
    """GET and HEAD of exactly these paths. Each page is made when it is asked for, in a thread of its own: a scrape does not wait
    for calls, nor calls for a scrape."""

    def __init__(self, listen: str, pages: Mapping[str, Callable[[], Page]]) -> None:
        """Listens at once on `listen` (host:port, port 0 for any). Raises OSError."""
        host, port = host_and_port(listen)
        self._server = _Server((host, port), _handler(pages))
        self.address = f"[{host}]:{self._server.server_port}" if ":" in host else f"{host}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="pages", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else self.address_family
        super().__init__(address, handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        _log.debug("a page was not taken", exc_info=True)  # whoever asked has left


def _handler(pages: Mapping[str, Callable[[], Page]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = _IDLE_SECONDS
        server_version, sys_version = "reelmesh", ""

        def do_GET(self) -> None:
            make = pages.get(self.path.partition("?")[0])
            page = _made(make) if make is not None else Page(404, "text/plain", b"")
            self.send_response(page.status)
            self.send_header("content-type", page.content_type)
            self.send_header("content-length", str(len(page.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(page.body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            return

    return Handler


def _made(make: Callable[[], Page]) -> Page:
    try:
        return make()
    except Exception:
        _log.exception("a page cannot be made")
        return Page(500, "text/plain", b"")
