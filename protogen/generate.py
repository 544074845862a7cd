"""Writes reelmesh/ (modules, type stubs, descriptors) and build/googleapis from protos/, only when something changed."""

import fcntl
import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

from google.protobuf import descriptor_pb2

from protogen import protoc

PACKAGE = "reelmesh"
DESCRIPTORS = "descriptors.binpb"
_TOOLS = ("grpcio-tools", "mypy-protobuf", "googleapis-common-protos")


def generate(root: Path) -> bool:
    """Bring the generated files up to date; False when they were. Raises GenerationFailed."""
    build, target = root / "build", root / PACKAGE
    build.mkdir(exist_ok=True)
    with _alone(build / "protogen.lock"):
        inputs = _inputs_digest(root)
        stamp = build / "protogen.stamp"
        if stamp.is_file() and stamp.read_text() == _stamp(inputs, target, build / "googleapis"):
            return False
        with TemporaryDirectory(prefix="protogen-", dir=build) as folder:
            made = Path(folder)
            files = contract_files(root)
            protoc.descriptor_set(made / DESCRIPTORS, [root / "protos"], files)
            protoc.python_outputs(made, files, made / DESCRIPTORS)
            shutil.move(made / DESCRIPTORS, made / PACKAGE / DESCRIPTORS)
            make_packages(made / PACKAGE)
            _replace(target, _contents(made / PACKAGE))
        _replace(build / "googleapis", _googleapis(target / DESCRIPTORS))
        stamp.write_text(_stamp(inputs, target, build / "googleapis"))
    return True


def contract_files(root: Path) -> list[str]:
    """All files of the contract, as protoc names them."""
    protos = root / "protos"
    return sorted(path.relative_to(protos).as_posix() for path in protos.rglob("*.proto"))


def make_packages(folder: Path) -> None:
    """Make `folder` and what is below typed Python packages: protoc leaves namespace packages, which mypy does not take as typed."""
    for package in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        (package / "__init__.py").write_text('"""Generated from the contract; do not edit."""\n')
    (folder / "py.typed").touch()


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _digest(contents: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in contents.items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _inputs_digest(root: Path) -> str:
    tools = {tool: metadata.version(tool).encode() for tool in _TOOLS}
    generator = _contents(Path(__file__).parent)
    return _digest({**tools, **_contents(root / "protos"), **{f"protogen/{name}": content for name, content in generator.items()}})


def _stamp(inputs: str, target: Path, googleapis: Path) -> str:
    # With the outputs in it, a file that was deleted or edited is made anew.
    return f"{inputs}\n{_digest(_contents(target))}\n{_digest(_contents(googleapis))}\n"


def _replace(target: Path, contents: Mapping[str, bytes]) -> None:
    """Make the files below `target` equal to `contents`; equal ones stay untouched, so that running processes do not notice."""
    present = _contents(target)
    for name in present.keys() - contents.keys():
        (target / name).unlink()
    for name, content in contents.items():
        if present.get(name) != content:
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_name(f"{path.name}.new")
            fresh.write_bytes(content)
            fresh.replace(path)
    for folder in sorted((path for path in target.rglob("*") if path.is_dir()), reverse=True):
        if not any(path.name != "__pycache__" for path in folder.iterdir()):
            shutil.rmtree(folder)


def _googleapis(descriptors: Path) -> dict[str, bytes]:
    """The google/api files that the contract imports: buf reads them as a module of its own, nothing third-party is committed."""
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptors.read_bytes()).file
    names = [file.name for file in files if file.name.startswith("google/") and not file.name.startswith("google/protobuf/")]
    return {name: next(folder / name for folder in protoc.include_folders() if (folder / name).is_file()).read_bytes() for name in names}
