"""What a service answers its operators, and what its metrics page says."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, cast

import grpc
import httpx
import pytest
from structlog.testing import capture_logs

from mesh.server import RunningService
from mesh.starting import StartFailed
from metadata_service.__main__ import MIGRATIONS
from metadata_service.bootstrap import build
from reelmesh.admin.v1 import admin_service_pb2 as pb
from reelmesh.admin.v1.admin_service_pb2_grpc import AdminServiceStub
from reelmesh.metadata.v1.metadata_service_pb2 import ListGenresRequest
from reelmesh.metadata.v1.metadata_service_pb2_grpc import MetadataServiceStub
from tests.services import admin, failure, serving, stub_of, token

NAME = "test.admin"


@pytest.fixture
async def service(empty_database_url: str, tmp_path: Path) -> AsyncIterator[RunningService]:
    chosen: dict[str, Any] = {"metrics_listen": "127.0.0.1:0", "version": "v7", "commit": "abc"}
    async with serving("metadata", build, MIGRATIONS, empty_database_url, tmp_path, **chosen) as running:
        yield running


def asked(service: RunningService) -> AbstractAsyncContextManager[Any]:
    return stub_of(service.address, cast(Any, AdminServiceStub))


@pytest.fixture
def own_levels() -> Iterator[None]:
    yield
    logging.getLogger(NAME).setLevel(logging.NOTSET)


async def test_a_service_says_what_it_is(service: RunningService) -> None:
    async with asked(service) as stub:
        found = await stub.GetBuildInfo(pb.GetBuildInfoRequest(), metadata=admin())
    assert (found.context, found.instance_id, found.version, found.commit) == ("metadata", "metadata-test", "v7", "abc")
    assert found.transport == "grpcio"
    assert found.release
    assert found.start_time.seconds > 1_700_000_000


async def test_only_operators_are_answered(service: RunningService) -> None:
    async with asked(service) as stub:
        for ask, request in (
            (stub.GetBuildInfo, pb.GetBuildInfoRequest()),
            (stub.GetLogLevels, pb.GetLogLevelsRequest()),
            (stub.SetLogLevel, pb.SetLogLevelRequest(logger=NAME, level=pb.LOG_LEVEL_DEBUG)),
        ):
            assert (await failure(ask(request))).reason == "TOKEN_MISSING"
            assert (await failure(ask(request, metadata=token()))).reason == "ROLE_MISSING"
            assert (await failure(ask(request, metadata=token("services/movie", "SERVICE")))).code is grpc.StatusCode.PERMISSION_DENIED
    assert logging.getLogger(NAME).level == logging.NOTSET


async def test_a_level_is_set_listed_and_told(service: RunningService, own_levels: None) -> None:
    with capture_logs() as logs:
        async with asked(service) as stub:
            request = pb.SetLogLevelRequest(logger=NAME, level=pb.LOG_LEVEL_DEBUG)
            request.ttl.FromSeconds(60)
            changed = (await stub.SetLogLevel(request, metadata=admin())).logger
            listed = (await stub.GetLogLevels(pb.GetLogLevelsRequest(), metadata=admin())).loggers
    assert (changed.name, changed.level, changed.effective_level) == (NAME, pb.LOG_LEVEL_DEBUG, pb.LOG_LEVEL_DEBUG)
    assert changed.HasField("expire_time")
    assert logging.getLogger(NAME).isEnabledFor(logging.DEBUG)
    assert changed in listed
    assert listed[0].name == ""
    line = next(line for line in logs if line["event"] == "log level changed")
    assert (line["by"], line["changed"], line["now"], line["seconds"]) == ("users/admin", NAME, "DEBUG", 60)


async def test_a_wrong_level_is_refused(service: RunningService) -> None:
    day = 24 * 3600
    async with asked(service) as stub:
        for request, seconds, field in (
            (pb.SetLogLevelRequest(), None, "level"),
            (pb.SetLogLevelRequest(logger=NAME, level=pb.LOG_LEVEL_INFO), day + 1, "ttl"),
            (pb.SetLogLevelRequest(logger=NAME, level=pb.LOG_LEVEL_INFO), -1, "ttl"),
            (pb.SetLogLevelRequest(logger="no name", level=pb.LOG_LEVEL_INFO), None, "logger"),
        ):
            if seconds is not None:
                request.ttl.FromSeconds(seconds)
            refused = await failure(stub.SetLogLevel(request, metadata=admin()))
            assert (refused.code, refused.fields) == (grpc.StatusCode.INVALID_ARGUMENT, [field])


async def test_the_metrics_of_a_service_are_a_page(service: RunningService) -> None:
    async with stub_of(service.address, cast(Any, MetadataServiceStub)) as stub:
        await stub.ListGenres(ListGenresRequest(), metadata=(("x-reelmesh-caller", "movie"),))
        await stub.ListGenres(ListGenresRequest(), metadata=(("x-reelmesh-caller", "who-knows"),))
    address = service._pages.address if service._pages else ""
    async with httpx.AsyncClient(trust_env=False) as web:
        page = await web.get(f"http://{address}/metrics")
        assert (page.status_code, page.headers["content-type"].partition(";")[0]) == (200, "text/plain")
        assert (await web.get(f"http://{address}/")).status_code == 404
        assert (await web.head(f"http://{address}/metrics")).text == ""
    method = "reelmesh.metadata.v1.MetadataService/ListGenres"
    for line in (
        f'reelmesh_rpc_served_total{{code="OK",method="{method}",peer="movie"}}',
        f'reelmesh_rpc_served_total{{code="OK",method="{method}",peer="unknown"}}',
        'reelmesh_database_pool_connections{database="reelmesh metadata",state="idle"} ',
        'reelmesh_build_info{commit="abc",context="metadata",instance_id="metadata-test"',
    ):
        assert line in page.text
    assert "who-knows" not in page.text


async def test_a_taken_metrics_port_is_said_in_one_line(service: RunningService, empty_database_url: str, tmp_path: Path) -> None:
    taken = service._pages.address if service._pages else ""
    with pytest.raises(StartFailed, match=f"metadata: cannot listen on {taken}: Address already in use"):
        async with serving("metadata", build, MIGRATIONS, empty_database_url, tmp_path, metrics_listen=taken):
            pass
