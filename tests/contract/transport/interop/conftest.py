"""TestService on each transport, in the processes that the whole suite shares."""

import pytest

from tests.contract.transport.conftest import Serving


@pytest.fixture
def address(served: Serving) -> str:
    return served.address
