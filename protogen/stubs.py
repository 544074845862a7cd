"""Builds `reelmesh-stubs`: a wheel of the stubs alone; those with money need googleapis-common-protos beside protobuf and grpcio."""

import json
import re
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

from google.protobuf import descriptor_pb2
from hatchling.builders.wheel import WheelBuilder

from protogen import protoc
from protogen.generate import DESCRIPTORS, PACKAGE, make_packages
from protogen.lean import without_options

NAME = "reelmesh-stubs"
_NEEDED = ("protobuf", "grpcio", "googleapis-common-protos")


def build_stubs(root: Path, target: Path) -> Path:
    """Write the wheel into `target` from the generated descriptors and return its path. Raises GenerationFailed."""
    files = descriptor_pb2.FileDescriptorSet.FromString((root / PACKAGE / DESCRIPTORS).read_bytes())
    lean = without_options(files)
    with TemporaryDirectory(prefix="protogen-", dir=root / "build") as folder:
        project = Path(folder)
        descriptors = project / DESCRIPTORS
        descriptors.write_bytes(lean.SerializeToString(deterministic=True))
        protoc.python_outputs(project, [file.name for file in lean.file if file.name.startswith(f"{PACKAGE}/")], descriptors)
        make_packages(project / PACKAGE)
        (project / "pyproject.toml").write_text(_pyproject(root))
        target.mkdir(exist_ok=True)
        return Path(next(WheelBuilder(str(project)).build(directory=str(target), versions=["standard"])))


def _pyproject(root: Path) -> str:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    needed = [line for line in project["dependencies"] if re.split(r"[^\w-]", line)[0] in _NEEDED]
    # JSON strings and lists are TOML strings and arrays. The folder is below build/, which git ignores: its files are wanted all the same.
    return f"""
[project]
name = {json.dumps(NAME)}
version = {json.dumps(project["version"])}
description = "Typed gRPC stubs of Reelmesh"
requires-python = {json.dumps(project["requires-python"])}
dependencies = {json.dumps(needed)}

[tool.hatch.build]
ignore-vcs = true

[tool.hatch.build.targets.wheel]
packages = ["{PACKAGE}"]
"""
