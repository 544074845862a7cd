"""What `reelmesh` says when it cannot do what it was asked: one sentence on standard error, exit code 1, no traceback."""

import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stack.errors import StackError
from stack.servers import tools
from stack.servers.consul import ConsulServer
from stack.servers.postgres import PostgresServer
from tests.integration.stack.conftest import BareStack, Outcome, reelmesh


def sentence(outcome: Outcome) -> str:
    assert outcome.code == 1, outcome
    lines = outcome.err.strip().splitlines()
    assert len(lines) == 1, outcome.err
    assert lines[0].startswith("reelmesh: ")
    return lines[0]


@pytest.mark.parametrize("detach", [[], ["--detach"]])
def test_a_taken_edge_port(tmp_path: Path, detach: list[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = sentence(reelmesh("up", *detach, "--data-dir", str(tmp_path / "data"), "--edge-port", str(port)))
    assert f"port {port}" in said
    assert "--edge-port" in said


@pytest.mark.parametrize("detach", [[], ["--detach"]])
def test_a_second_up_on_the_same_directory(bare_stack: Callable[..., BareStack], detach: list[str]) -> None:
    stack = bare_stack()
    said = sentence(reelmesh("up", *detach, "--data-dir", str(stack.data_dir), "--edge-port", "0"))
    assert f"already running in {stack.data_dir} (pid {stack.process.pid})" in said


def test_a_directory_of_somebody_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    assert "is not a data directory of reelmesh (it holds thesis.tex)" in sentence(reelmesh("up", "--data-dir", str(tmp_path)))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_directory_of_another_format(tmp_path: Path) -> None:
    (tmp_path / "reelmesh.json").write_text(json.dumps({"format": 99}))
    assert "has data format 99" in sentence(reelmesh("up", "--data-dir", str(tmp_path)))


def test_a_database_of_another_major_version(bare_stack: Callable[..., BareStack]) -> None:
    stack = bare_stack()
    stack.end()
    (stack.data_dir / "postgres" / "data" / "PG_VERSION").write_text("17\n")
    said = sentence(reelmesh("up", "--data-dir", str(stack.data_dir), "--edge-port", "0"))
    assert "holds a PostgreSQL 17 cluster and this is PostgreSQL 18" in said


def test_a_data_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert "is a file, not a folder" in sentence(reelmesh("up", "--data-dir", str(tmp_path / "data")))


def test_a_folder_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "is a file, not a folder" in sentence(reelmesh("up", "--data-dir", str(tmp_path / "file" / "data")))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("needs the right to mount a small disk")
    yield disk
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], capture_output=True)
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk(small_disk: Path) -> None:
    assert "is full: " in sentence(reelmesh("up", "--data-dir", str(small_disk / "data")))


def test_a_disk_that_fills_up_while_the_database_is_created(small_disk: Path) -> None:
    with pytest.raises(StackError, match="No space left on device"):
        PostgresServer(small_disk / "postgres").prepare()
    assert not (small_disk / "postgres" / "data").exists()


def test_a_disk_that_cannot_be_written(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert "cannot be used: Read-only file system" in sentence(reelmesh("up", "--data-dir", str(small_disk / "data")))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["up", "--replicas", "moive=2"], "there is no context 'moive', there are movie, rating, metadata"),
        (["up", "--replicas", "movie=0"], "a number from 1 to 32"),
        (["up", "--registry", "zookeeper"], "there is no such registry"),
        (["up", "--consul-addr", "127.0.0.1:8500"], "--consul-addr goes with --registry consul"),
        (["up", "--registry", "consul", "--consul-addr", "127.0.0.1"], "neither host:port nor https://host:port"),
        (
            ["up", "--registry", "consul", "--consul-addr", "127.0.0.1:9"],
            "the Consul at 127.0.0.1:9 cannot be used: All connection attempts failed",
        ),
        (["call", "MovieService.GetMovie"], "nothing is running"),
        (["token"], "there is no signing key"),
        (["token", "--ttl", "soon"], "write seconds"),
        (["token", "--role", "GOD"], "there are USER, MODERATOR, BOX_OFFICE, ADMIN, SERVICE"),
        (["token", "--subject", "alice"], "a resource name such as users/alice"),
    ],
)
def test_an_argument_that_makes_no_sense(tmp_path: Path, arguments: list[str], words: str) -> None:
    assert words in sentence(reelmesh(*arguments, "--data-dir", str(tmp_path / "data")))


def test_without_a_consul_there_is_a_sentence_that_says_where_one_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "_BUILT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError, match="`make tools` builds it where Go is installed; or name one that runs with --consul-addr"):
        ConsulServer(tmp_path / "consul").prepare()


def test_down_and_status_where_nothing_runs(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("left by a killed supervisor")
    (tmp_path / "lock").write_text("1")
    for command in ("down", "status"):
        assert reelmesh(command, "--data-dir", str(tmp_path)) == Outcome(0, f"nothing is running in {tmp_path}\n", "")
    assert json.loads(reelmesh("status", "--json", "--data-dir", str(tmp_path)).out) == {"processes": [], "urls": {}}
    assert not (tmp_path / "state.json").exists()
