"""`protogen breaking` lets the contract grow and stops what would break callers."""

import shutil
import subprocess
from pathlib import Path

import pytest

from protogen.breaking import NothingToCompare, breaking

ROOT = Path(__file__).resolve().parents[2]


def _git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, "-C", str(folder), *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "protos", tmp_path / "protos")
    shutil.copytree(ROOT / "build/googleapis", tmp_path / "build/googleapis")
    shutil.copy(ROOT / "buf.yaml", tmp_path)
    _git(tmp_path, "init", "--initial-branch=main")
    _git(tmp_path, "add", "protos", "buf.yaml")
    _git(tmp_path, "commit", "-m", "the contract")
    return tmp_path


def _edit(repository: Path, before: str, after: str) -> None:
    proto = repository / "protos/reelmesh/movie/v1/movie.proto"
    text = proto.read_text()
    assert before in text
    proto.write_text(text.replace(before, after))


def test_the_same_contract_is_compatible(repository: Path) -> None:
    assert breaking(repository, None) == 0


def test_a_new_field_is_compatible(repository: Path) -> None:
    _edit(repository, "int32 length = 2;", "int32 length = 2;\n\n  // Another.\n  string more = 3;")
    assert breaking(repository, None) == 0


def test_a_field_with_another_number_is_not(repository: Path, capfd: pytest.CaptureFixture[str]) -> None:
    _edit(repository, "int32 length = 2;", "int32 length = 3;")
    assert breaking(repository, "main") != 0
    assert "movie.proto" in capfd.readouterr().out


def test_a_commit_that_is_not_there_is_no_silent_success(repository: Path) -> None:
    with pytest.raises(NothingToCompare):
        breaking(repository, "no-such-branch")
