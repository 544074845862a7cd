"""Compares the contract with another commit by `buf breaking`, which cannot do it alone: build/googleapis is in no commit."""

import io
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

DEFAULT_REFERENCES = ("origin/main", "main", "HEAD")


class NothingToCompare(Exception):
    """No commit to compare with."""


def breaking(root: Path, against: str | None) -> int:
    """Print what would break callers built from `against`; buf's exit code. Raises NothingToCompare."""
    reference = against or _default_reference(root)
    archive = _git(root, "archive", reference, "--", "protos", "buf.yaml")
    if archive is None:
        raise NothingToCompare(f"commit {reference} has no contract, or there is no such commit")
    with TemporaryDirectory(prefix="protogen-") as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(folder, filter="data")
        shutil.copytree(root / "build" / "googleapis", Path(folder, "build", "googleapis"))
        result = subprocess.run([_buf(), "breaking", "--against", folder], cwd=root, check=False)  # noqa: S603 - our own arguments
    print(f"the contract against {reference}: {'compatible' if result.returncode == 0 else 'BREAKING'}")
    return result.returncode


def _default_reference(root: Path) -> str:
    for reference in DEFAULT_REFERENCES:
        if _git(root, "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}") is not None:
            return reference
    raise NothingToCompare("this is no git repository with a commit")


def _git(root: Path, *arguments: str) -> bytes | None:
    result = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False)  # noqa: S603, S607 - git of the PATH is meant
    return result.stdout if result.returncode == 0 else None


def _buf() -> str:
    beside_python = Path(sys.executable).parent / "buf"
    return str(beside_python) if beside_python.is_file() else "buf"
