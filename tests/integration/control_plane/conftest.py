"""What all tests of this folder start from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.control_plane.processes import Processes


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    started = Processes(tmp_path)
    yield started
    started.end()
