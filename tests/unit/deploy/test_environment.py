"""Secrets of a composition are made once, and stay."""

import stat
from pathlib import Path

from deploy.generate_env import completed, main

_EXAMPLE = "# what it is\nPORT=8080\n\nPASSWORD=\nCONSUL_TOKEN=\n"


def values(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines())


def test_each_name_without_a_value_gets_a_secret_of_its_own() -> None:
    first, second = values(completed(_EXAMPLE, "")), values(completed(_EXAMPLE, ""))
    assert first["PORT"] == "8080"
    assert len(first["PASSWORD"]) == 48
    assert first["PASSWORD"] != second["PASSWORD"]
    assert first["CONSUL_TOKEN"] != first["PASSWORD"]


def test_what_is_there_stays_and_what_is_new_is_added() -> None:
    before = "PASSWORD=mine\nOTHER=too\n"
    after = completed(_EXAMPLE, before)
    assert after.startswith(before)
    assert values(after).keys() == {"PASSWORD", "OTHER", "PORT", "CONSUL_TOKEN"}
    assert completed(_EXAMPLE, after) == after


def test_only_its_owner_can_read_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text(_EXAMPLE)
    main(tmp_path)
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
