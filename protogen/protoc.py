"""One run of protoc, the compiler that comes with grpcio-tools, with the plugins for typed stubs."""

import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc_tools  # type: ignore[import-untyped]  # ships no types

# The plugins' entry points, reached by module: in an isolated package build their scripts are not on PATH.
_PLUGINS = {"mypy": "main", "mypy_grpc": "grpc"}
_PROTOC = "import sys; from grpc_tools import protoc; sys.exit(protoc.main(sys.argv))"


class GenerationFailed(Exception):
    """protoc refused; it has said why on standard error."""


def include_folders() -> Sequence[Path]:
    """Where google/protobuf (from grpcio-tools) and google/api (from googleapis-common-protos) are."""
    googleapis = [Path(folder).parents[1] for folder in import_module("google.api").__path__]
    return [Path(grpc_tools.__file__).parent / "_proto", *googleapis]


def python_outputs(folder: Path, sources: Iterable[str], descriptor_set: Path) -> None:
    """Write modules and type stubs for `sources`, files of `descriptor_set`. Raises GenerationFailed."""
    files = sorted(sources)
    given = [f"--descriptor_set_in={descriptor_set}"]
    _run([*given, f"--python_out={folder}", f"--mypy_out=quiet:{folder}", *files])
    services = [file for file in files if file.endswith("_service.proto")]
    _run([*given, f"--grpc_python_out={folder}", f"--mypy_grpc_out=quiet:{folder}", *services])


def descriptor_set(target: Path, folders: Iterable[Path], sources: Iterable[str]) -> None:
    """Write the descriptors of `sources`, which are in `folders`, and of all that they import, with comments. Raises GenerationFailed."""
    includes = [f"-I{folder}" for folder in (*folders, *include_folders())]
    _run([*includes, "--include_imports", "--include_source_info", f"--descriptor_set_out={target}", *sorted(sources)])


def _run(arguments: Sequence[str]) -> None:
    with TemporaryDirectory(prefix="protogen-") as folder:
        plugins = [f"--plugin=protoc-gen-{name}={_script(Path(folder), name, entry)}" for name, entry in _PLUGINS.items()]
        # In a process of its own: protoc forks for its plugins, which a process with gRPC's threads in it does not survive.
        if subprocess.run([sys.executable, "-c", _PROTOC, *plugins, *arguments], check=False).returncode != 0:  # noqa: S603  # our own words
            raise GenerationFailed("protoc failed")


def _script(folder: Path, name: str, entry: str) -> Path:
    script = folder / name
    code = f"from mypy_protobuf.main import {entry}; {entry}()"
    script.write_text(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(code)}\n")
    script.chmod(0o700)
    return script
