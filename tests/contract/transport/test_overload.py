"""A hosted service whose memory is used up."""

from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.contract.transport.conftest import end, serve
from tests.contract.transport.test_calls import PREFIX


@pytest.mark.parametrize(("max_heap", "refused"), [(1 << 30, False), (1 << 20, True)])
async def test_a_service_near_its_bound_refuses_calls_as_unavailable(max_heap: int, refused: bool, tmp_path: Path) -> None:
    serving = serve("envoy", tmp_path, str(max_heap))
    try:
        async with grpc.aio.insecure_channel(serving.address) as channel:
            method: Any = channel.unary_unary(PREFIX + "Sleep")
            # The heap is looked at four times a second; a call that is answered says nothing before the first look.
            codes = [await _code(method(b"0.1", timeout=10)) for _ in range(8)]
    finally:
        assert end(serving) == 0
    assert codes[-1] is (grpc.StatusCode.UNAVAILABLE if refused else grpc.StatusCode.OK)


async def _code(call: Any) -> grpc.StatusCode:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK
