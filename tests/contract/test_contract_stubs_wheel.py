"""The wheel for other teams: stubs alone, at home in an environment with protobuf, grpcio and, for money, googleapis-common-protos."""

import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import google.protobuf
import grpc
import pytest
import typing_extensions
from google.protobuf import descriptor_pb2

from protogen.lean import without_options
from protogen.stubs import build_stubs
from tests.contract.reading import load_contract

ROOT = Path(__file__).resolve().parents[2]

USE_THE_STUBS = """
import sys
sys.path[:] = [path for path in sys.path if "site-packages" not in path] + sys.argv[1:]
import grpc
from reelmesh.movie.v1 import events_pb2, movie_service_pb2, movie_service_pb2_grpc
from reelmesh.rating.v1 import rating_service_pb2_grpc, review_service_pb2_grpc
from reelmesh.metadata.v1 import metadata_service_pb2_grpc
stub = movie_service_pb2_grpc.MovieServiceStub(grpc.insecure_channel("127.0.0.1:1"))
assert callable(stub.GetMovie) and callable(stub.ImportMovies)
request = movie_service_pb2.GetMovieRequest(name="movies/tt0114709")
assert movie_service_pb2.GetMovieRequest.FromString(request.SerializeToString()) == request
for absent in ("google.api", "google.rpc", "reelmesh.options", "mesh"):
    try:
        __import__(absent)
    except ImportError:
        continue
    raise AssertionError(absent + " is importable: this environment proves nothing")
print("ok")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_stubs(ROOT, tmp_path_factory.mktemp("dist"))


def test_it_needs_protobuf_grpcio_and_money_only(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/METADATA"))
        metadata = message_from_bytes(archive.read(name))
    assert metadata["Name"] == "reelmesh-stubs"
    assert [line.partition(">")[0] for line in metadata.get_all("Requires-Dist", [])] == ["googleapis-common-protos", "grpcio", "protobuf"]


def test_it_holds_typed_stubs_of_all_services_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert {name.partition("/")[0] for name in names} == {"reelmesh"}
    assert {f"reelmesh/{path}" for path in ("py.typed", "rating/v1/review_service_pb2_grpc.pyi", "movie/v1/events_pb2.pyi")} <= names
    assert not [name for name in names if "options" in name]


def test_contexts_without_money_are_used_with_protobuf_and_grpcio_alone(wheel: Path, tmp_path: Path) -> None:
    installed, allowed = tmp_path / "installed", tmp_path / "allowed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    subprocess.run([*pip, "--target", str(installed), str(wheel)], check=True)
    protobuf = Path(google.protobuf.__file__).parent
    (allowed / "google").mkdir(parents=True)
    for link, target in {
        "google/protobuf": protobuf,
        "google/_upb": protobuf.parent / "_upb",
        "grpc": Path(grpc.__file__).parent,
        "typing_extensions.py": Path(typing_extensions.__file__),  # grpcio's own requirement
    }.items():
        (allowed / link).symlink_to(target)
    command = [sys.executable, "-I", "-S", "-c", USE_THE_STUBS, str(installed), str(allowed)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (result.stdout.strip(), result.stderr) == ("ok", "")


def test_it_speaks_the_same_messages_as_the_services() -> None:
    full = {file.name: file for file in load_contract().files if "/options/" not in file.name}
    lean = without_options(descriptor_pb2.FileDescriptorSet(file=full.values()))
    assert {file.name for file in lean.file} == set(full)
    for file in lean.file:
        for stripped, original in zip(file.message_type, full[file.name].message_type, strict=True):
            assert _shape(stripped) == _shape(original)


def test_its_descriptors_hold_no_option_of_ours_or_of_google_api() -> None:
    full = descriptor_pb2.FileDescriptorSet(file=load_contract().files)
    lean = without_options(full)
    for file in (*full.file, *lean.file):
        file.ClearField("source_code_info")
    assert "idempotency_level: NO_SIDE_EFFECTS" in str(lean)
    bare = str(lean).replace("google.api.HttpBody", "").replace("google/api/httpbody.proto", "")  # a message, no option
    for foreign in ("google.api", "google/api", "reelmesh.options"):
        assert foreign in str(full)
        assert foreign not in bare


def _shape(message: descriptor_pb2.DescriptorProto) -> list[tuple[str, int, int, str]]:
    return [(field.name, field.number, field.type, field.type_name) for field in message.field]
