"""Generation writes what is missing or stale, nothing else, and the same bytes everywhere."""

import os
import shutil
from pathlib import Path

import pytest

from protogen.generate import generate
from protogen.protoc import GenerationFailed

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "protos", tmp_path / "protos")
    assert generate(tmp_path)
    return tmp_path


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_second_run_writes_nothing(project: Path) -> None:
    times = {path: path.stat().st_mtime_ns for path in project.rglob("*") if path.is_file() and path.suffix != ".lock"}
    assert not generate(project)
    assert times == {path: path.stat().st_mtime_ns for path in times}


def test_two_folders_get_the_same_bytes(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("elsewhere")
    shutil.copytree(ROOT / "protos", other / "protos")
    generate(other)
    assert _contents(project / "reelmesh") == _contents(other / "reelmesh")


@pytest.mark.parametrize("name", ["reelmesh/movie/v1/movie_pb2.py", "reelmesh/descriptors.binpb", "build/googleapis/google/api/http.proto"])
def test_a_file_that_was_deleted_or_edited_comes_back(project: Path, name: str) -> None:
    made = (project / name).read_bytes()
    (project / name).unlink()
    assert generate(project)
    (project / name).write_text("edited")
    assert generate(project)
    assert (project / name).read_bytes() == made


def test_a_changed_contract_changes_only_its_own_modules(project: Path) -> None:
    events = project / "protos/reelmesh/movie/v1/events.proto"
    untouched = project / "reelmesh/rating/v1/rating_pb2.py"
    os.utime(untouched, (1, 1))
    events.write_text(events.read_text() + "\n// Another.\nmessage MovieSeen {}\n")
    assert generate(project)
    assert "class MovieSeen" in (project / "reelmesh/movie/v1/events_pb2.pyi").read_text()
    assert untouched.stat().st_mtime == 1


def test_modules_of_a_file_that_is_gone_go_too(project: Path) -> None:
    (project / "protos/reelmesh/metadata/v1/events.proto").unlink()
    assert generate(project)
    assert not list(project.glob("reelmesh/metadata/v1/events_pb2*"))


def test_a_contract_that_does_not_compile_leaves_the_stubs_as_they_are(project: Path) -> None:
    before = _contents(project / "reelmesh")
    (project / "protos/reelmesh/movie/v1/movie.proto").write_text('syntax = "proto3"; nonsense')
    with pytest.raises(GenerationFailed):
        generate(project)
    assert _contents(project / "reelmesh") == before
