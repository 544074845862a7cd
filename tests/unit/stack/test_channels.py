"""Whom an operator's command finds where."""

from pathlib import Path

import pytest

from mesh.tls.settings import OPERATOR
from stack.channels import Channels, channels_to
from stack.directory import DataDirectory
from stack.errors import StackError
from stack.state import ProcessEntry
from tests.authorities import certificates


def entry(name: str, kind: str, port: int) -> ProcessEntry:
    return ProcessEntry(name, kind, None, f"127.0.0.1:{port}", "", "healthy", 0, "")


PROCESSES = (entry("movie-v2-1", "service", 1), entry("control-plane-2", "control-plane", 2), entry("edge", "envoy", 3))


def test_a_stack_with_certificates_says_whose_is_expected_where(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    made = certificates(tmp_path, OPERATOR)
    directory.certificates.symlink_to(made.identity(OPERATOR).directory.parent)
    found = channels_to(directory, PROCESSES)
    assert found.identity is not None
    assert found.names == {"127.0.0.1:1": "movie", "127.0.0.1:2": "control-plane"}  # the edge speaks plain text to everybody


def test_a_stack_without_them_is_dialled_in_plain_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REELMESH_TLS_DIR", raising=False)
    assert channels_to(DataDirectory(tmp_path), PROCESSES) == Channels()


def test_elsewhere_the_certificate_is_the_one_that_the_environment_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELMESH_TLS_DIR", str(tmp_path))
    found = channels_to(DataDirectory(tmp_path / "no stack"))
    assert found.identity is not None
    with pytest.raises(StackError, match=r"the certificate cannot be used: .*tls\.crt"):
        found.open("movie@127.0.0.1:1")


def test_a_name_asks_for_a_certificate() -> None:
    with pytest.raises(StackError, match="set REELMESH_TLS_DIR"):
        Channels().open("movie@127.0.0.1:1")
