"""gRPC's own client finds our servers to be gRPC servers: its cases, one by one."""

import pytest

from mesh.settings import host_and_port
from tests.tools import finished, required_tool

CASES = (
    "empty_unary",
    "large_unary",
    "client_streaming",
    "server_streaming",
    "ping_pong",
    "empty_stream",
    "custom_metadata",
    "status_code_and_message",
    "special_status_message",
    "unimplemented_method",
    "unimplemented_service",
    "cancel_after_begin",
    "cancel_after_first_response",
    "timeout_on_sleeping_server",
)


@pytest.mark.parametrize("case", CASES)
async def test_an_interoperability_case_passes(case: str, address: str) -> None:
    client = required_tool("grpc-interop-client")
    host, port = host_and_port(address)
    result = await finished(client, [f"--server_host={host}", f"--server_port={port}", f"--test_case={case}"])
    assert result.exit_code == 0, result.complaint


async def test_the_client_can_fail(address: str) -> None:
    """Its exit code is all that the cases above look at."""
    client = required_tool("grpc-interop-client")
    host, port = host_and_port(address)
    result = await finished(client, [f"--server_host={host}", f"--server_port={port}", "--test_case=orca_per_rpc"])
    assert result.exit_code != 0
