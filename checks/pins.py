"""`python -m checks.pins`: whether requirements.lock pins what pyproject.toml asks for, all that comes with it, and nothing else.

Which requirement brings which other one is read from the environment that the lock has made; nothing is asked of the internet.
"""

import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

_PROJECT = Path(__file__).resolve().parent.parent
_OPTIONAL = {"requirements-bench.lock": "bench", "requirements-spark.lock": "spark"}  # beside the lock, for who wants them
Requires = Callable[[str], Sequence[str] | None]


def pinned(text: str) -> dict[str, Version]:
    """The lines `name==version`, by canonical name. Raises ValueError for any other line that is not a comment."""
    pins: dict[str, Version] = {}
    for line in text.splitlines():
        name, exact, version = line.partition("==")
        if line and not line.startswith("#"):
            if not exact:
                raise ValueError(f"{line!r} is no pin")
            pins[canonicalize_name(name)] = Version(version)
    return pins


def asked_for(project: Mapping[str, object], left_out: Iterable[str]) -> Iterator[Requirement]:
    """What a checkout needs: to run, to build, and each extra that is not left out."""
    table, build = project["project"], project["build-system"]
    assert isinstance(table, dict)  # noqa: S101  # the standard says so
    assert isinstance(build, dict)  # noqa: S101  # as above
    extras = [asked for extra, listed in table["optional-dependencies"].items() if extra not in set(left_out) for asked in listed]
    for text in (*table["dependencies"], *build["requires"], *extras):
        if (requirement := Requirement(text)).name != table["name"]:
            yield requirement


def problems(asked: Iterable[Requirement], pins: Mapping[str, Version], requires: Requires) -> list[str]:
    """Each in a sentence; none when pins and requirements agree."""
    found: list[str] = []
    known: set[str] = set()
    looked_into: set[tuple[str, str]] = set()
    waiting = [(requirement, "pyproject.toml") for requirement in asked]
    while waiting:
        requirement, by = waiting.pop()
        name = canonicalize_name(requirement.name)
        version = pins.get(name)
        if version is None:
            found.append(f"{requirement.name} is not pinned, {by} needs it")
        elif not requirement.specifier.contains(version, prereleases=True):
            found.append(f"{requirement.name} is pinned to {version}, {by} needs {requirement.specifier}")
        known.add(name)
        for extra in ("", *sorted(requirement.extras)):
            if version is not None and (name, extra) not in looked_into:
                looked_into.add((name, extra))
                waiting += [(each, requirement.name) for each in _brought(requires(name), extra)]
    return sorted({*found, *(f"{name} is pinned, and nothing needs it" for name in pins.keys() - known)})


def _brought(texts: Sequence[str] | None, extra: str) -> Iterator[Requirement]:
    for requirement in map(Requirement, texts or ()):
        if requirement.marker is None:
            if not extra:
                yield requirement
        elif requirement.marker.evaluate({"extra": extra}):
            yield requirement


def _installed(name: str) -> Sequence[str] | None:
    try:
        return requires(name)
    except PackageNotFoundError:
        return None  # of an extra that is not installed here; `pip install` has the last word


def main() -> None:
    project = tomllib.loads((_PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    pins = pinned((_PROJECT / "requirements.lock").read_text(encoding="utf-8"))
    found = problems(asked_for(project, _OPTIONAL.values()), pins, _installed)
    for lock, extra in _OPTIONAL.items():
        more = pins | pinned((_PROJECT / lock).read_text(encoding="utf-8"))
        asked = map(Requirement, project["project"]["optional-dependencies"][extra])
        found += [f"{lock}: {each}" for each in problems(asked, more, _installed) if not each.endswith("nothing needs it")]
    if found:
        sys.exit("\n".join(["requirements.lock and pyproject.toml do not agree:", *found]))


if __name__ == "__main__":
    main()
