"""The import contracts of pyproject.toml hold, and each of them fails when it is violated."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "mesh",
    "movielens",
    "movie_service",
    "rating_service",
    "metadata_service",
    "recommender_service",
    "identity_service",
    "library_service",
    "booking_service",
    "edge",
    "stack",
)

# contract id → a module, and the line that must not be in it.
VIOLATIONS = {
    "layers": ("movie_service/domain/intruder.py", "import movie_service.application"),
    "independence": ("rating_service/domain/intruder.py", "import movie_service.domain"),
    "pure-core": ("metadata_service/application/intruder.py", "import sqlalchemy"),
    "stdlib-domain": ("movie_service/domain/intruder.py", "import mesh.call"),
    "mesh-knows-no-context": ("mesh/intruder.py", "import rating_service.domain"),
    "movielens-knows-nobody": ("movielens/intruder.py", "import stack.errors"),
    "edge-has-no-business": ("edge/intruder.py", "import movie_service.domain"),
    "stack-starts-processes": ("stack/intruder.py", "import movie_service.bootstrap"),
}


def _lint(directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    lint = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([str(lint), "--no-cache", *options], cwd=directory, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def copied_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__", "*.json"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def test_the_tree_keeps_its_contracts() -> None:
    result = _lint(ROOT)
    assert result.returncode == 0, result.stdout


def test_every_contract_is_proven_able_to_fail() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {contract["id"] for contract in declared} == set(VIOLATIONS)


@pytest.mark.parametrize("contract", VIOLATIONS)
def test_a_contract_fails_when_it_is_violated(contract: str, copied_tree: Path) -> None:
    path, line = VIOLATIONS[contract]
    intruder = copied_tree / path
    assert _lint(copied_tree, "--contract", contract).returncode == 0
    intruder.write_text(f'"""A violation."""\n\n{line}\n')
    try:
        result = _lint(copied_tree, "--contract", contract)
    finally:
        intruder.unlink()
    assert result.returncode != 0
    assert "intruder" in result.stdout


def test_a_module_outside_the_layers_is_a_violation(copied_tree: Path) -> None:
    stray = copied_tree / "rating_service" / "stray.py"
    stray.write_text('"""Belongs to no layer."""\n')
    try:
        assert _lint(copied_tree, "--contract", "layers").returncode != 0
    finally:
        stray.unlink()


def test_every_contract_about_contexts_is_about_all_of_them() -> None:
    contexts = {package for package in PACKAGES if package.endswith("_service")}
    assert contexts == {path.parent.name for path in ROOT.glob("*_service/bootstrap.py")}
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]:
        for listed in (contract.get(key, []) for key in ("containers", "modules", "source_modules", "forbidden_modules")):
            named = {module.split(".")[0] for module in listed} & contexts
            assert named in (set(), contexts), (contract["id"], contexts - named)
