"""The health check of our containers, for what needs no server."""

import os
import time
from pathlib import Path

import pytest

from stack.probe import is_well


def test_a_file_is_well_while_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "alive"
    assert not is_well(f"file://{file}")
    file.touch()
    assert is_well(f"file://{file}")
    a_minute_ago = time.time() - 60
    os.utime(file, (a_minute_ago, a_minute_ago))
    assert not is_well(f"file://{file}")


def test_an_unknown_kind_of_url_is_said_to_be_one() -> None:
    with pytest.raises(ValueError, match="neither"):
        is_well("ftp://127.0.0.1")
