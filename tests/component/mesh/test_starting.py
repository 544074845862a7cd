"""A service process that cannot migrate: the child has said why, in one line, and whoever started the process sees that it failed."""

import os
import subprocess
import sys

import pytest

from mesh.transport.envoy.launch import can_host

NOBODY = "postgresql://nobody@127.0.0.1:9/nothing"


@pytest.mark.parametrize(
    "transport", ["grpcio", pytest.param("envoy", marks=pytest.mark.skipif(not can_host(), reason="no Envoy for Python here"))]
)
def test_without_its_database_a_service_ends_with_one_line(transport: str) -> None:
    told = {**os.environ, "REELMESH_TRANSPORT": transport, "REELMESH_DATABASE_URL": NOBODY}
    ended = subprocess.run([sys.executable, "-m", "metadata_service"], env=told, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr.startswith("metadata: the database cannot be used: ")
    assert len(ended.stderr.splitlines()) == 1
