"""The health check of our containers, against servers that are well, that are not, and that are not there."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from stack.probe import is_well
from stack.servers.command import free_port


@contextmanager
def grpc_server(status: int) -> Iterator[str]:
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))
    servicer = health.HealthServicer()
    servicer.set("", status)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


@contextmanager
def http_server(status: int) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "expected"), [(health_pb2.HealthCheckResponse.SERVING, True), (health_pb2.HealthCheckResponse.NOT_SERVING, False)]
)
def test_grpc_asks_the_health_service(status: int, expected: bool) -> None:
    with grpc_server(status) as address:
        assert is_well(f"grpc://{address}") is expected


@pytest.mark.parametrize(("status", "expected"), [(200, True), (204, True), (503, False), (404, False)])
def test_http_wants_success(status: int, expected: bool) -> None:
    with http_server(status) as address:
        assert is_well(f"http://{address}/readyz") is expected


def test_tcp_wants_a_connection_only() -> None:
    with http_server(503) as address:
        assert is_well(f"tcp://{address}")


@pytest.mark.parametrize("scheme", ["grpc", "http", "tcp"])
def test_who_is_not_there_is_not_well(scheme: str) -> None:
    assert not is_well(f"{scheme}://127.0.0.1:{free_port()}")


def test_the_exit_code_says_it() -> None:
    with http_server(200) as address:
        probe = [sys.executable, "-m", "stack.probe"]
        assert subprocess.run([*probe, f"tcp://{address}"], timeout=20).returncode == 0
        assert subprocess.run([*probe, f"grpc://127.0.0.1:{free_port()}"], timeout=20).returncode == 1


def test_another_kind_of_url_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="neither grpc"):
        is_well("ftp://127.0.0.1:21")
