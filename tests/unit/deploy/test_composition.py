"""What docker-compose.yml promises: every context is in it, no secret has a default, nothing but loopback is published."""

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

from stack.topology import CONTEXTS

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
SERVICES: dict[str, Any] = yaml.safe_load(TEXT)["services"]
EXAMPLE = dict(line.split("=", 1) for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines() if re.match("[A-Z]", line))
NAMES = [context.name for context in CONTEXTS]


def test_every_context_is_a_service_with_a_database_of_its_own() -> None:
    for context in CONTEXTS:
        service, password = SERVICES[context.name], f"{context.name.upper()}_DATABASE_PASSWORD"
        assert service["command"] == ["python", "-m", context.module]
        assert re.fullmatch(
            rf"postgresql://{context.name}:\${{{password}:\?.*}}@postgres/{context.name}", service["environment"]["REELMESH_DATABASE_URL"]
        )
        assert password in SERVICES["databases"]["environment"]
        assert context.name in SERVICES["demo"]["depends_on"]


def test_every_context_gets_a_database_and_is_described_to_the_tools() -> None:
    assert SERVICES["databases"]["environment"]["CONTEXTS"].split() == NAMES
    assert SERVICES["tools"]["environment"]["REELMESH_DESCRIBERS"].split() == [f"{name}:9000" for name in NAMES]


def test_a_missing_secret_is_an_error_and_none_has_a_default() -> None:
    secrets = {name for name, value in EXAMPLE.items() if not value}
    required = set(re.findall(r"\$\{([A-Z_]+):\?", TEXT))
    assert secrets == required
    assert not secrets & set(re.findall(r"\$\{([A-Z_]+):?-", TEXT))
    given = {key: value for service in SERVICES.values() for key, value in service.get("environment", {}).items()}
    for key, value in given.items():
        assert value.startswith(("${", '"${')) or not re.search("PASSWORD|TOKEN|SECRET", key), key


def test_only_loopback_ports_are_published() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_every_image_has_a_version_and_ours_needs_no_root() -> None:
    for name, service in SERVICES.items():
        assert re.fullmatch(r"\S+:(\d|v\d|local)\S*", service["image"]), name
    assert re.search("^USER reelmesh$", (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)


def test_what_runs_on_is_watched() -> None:
    once = {"databases", "keys", "tools", "demo"}
    assert {name for name, service in SERVICES.items() if "healthcheck" not in service} - once == {"jaeger"}


def test_the_image_is_built_from_every_package() -> None:
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"][
        "packages"
    ]
    let_in = re.findall(r"^!(\w+)/$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(packages) - {"reelmesh"} | {"protos", "protogen"} == set(let_in)
