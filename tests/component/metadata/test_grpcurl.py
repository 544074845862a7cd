"""A program that was never built with our contract lists, describes and calls a running service by reflection."""

import json

import pytest

from mesh.server import RunningService
from tests.tools import Finished, finished, required_tool

pytestmark = pytest.mark.asyncio(loop_scope="session")
SERVICE = "reelmesh.metadata.v1.MetadataService"


async def _grpcurl(*arguments: str) -> Finished:
    return await finished(required_tool("grpcurl"), ["-plaintext", "-max-time", "10", *arguments])


async def test_the_service_is_listed_with_its_methods(running: RunningService) -> None:
    assert SERVICE in (await _grpcurl(running.address, "list")).output.split()
    assert f"{SERVICE}.ImportMovieMetadata" in (await _grpcurl(running.address, "list", SERVICE)).output.split()


async def test_a_method_is_described_with_its_rules(running: RunningService) -> None:
    described = (await _grpcurl(running.address, "describe", f"{SERVICE}.GetMovieMetadata")).output
    assert f"rpc GetMovieMetadata ( .{SERVICE.rpartition('.')[0]}.GetMovieMetadataRequest )" in described
    assert "ACCESS_PUBLIC" in described


async def test_methods_are_called(running: RunningService) -> None:
    genres = await _grpcurl(running.address, f"{SERVICE}/ListGenres")
    assert (genres.exit_code, genres.complaint) == (0, "")
    json.loads(genres.output)
    missing = await _grpcurl("-d", '{"name": "movies/nobody/metadata"}', running.address, f"{SERVICE}/GetMovieMetadata")
    assert missing.exit_code != 0
    assert "METADATA_NOT_FOUND" in missing.complaint
