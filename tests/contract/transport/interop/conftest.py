"""grpc.testing.TestService served by each transport."""

from collections.abc import AsyncIterator

import pytest

from tests.contract.transport.interop.servicer import interop_methods
from tests.contract.transport.interop.transports import TRANSPORTS


@pytest.fixture(params=TRANSPORTS)
async def address(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    async with TRANSPORTS[request.param](interop_methods) as address:
        yield address
