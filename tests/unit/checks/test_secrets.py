"""The scan for secrets finds one, and audits say when they cannot be made."""

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from checks.audit import audit
from checks.secrets import scan


def checkout(directory: Path, content: str) -> Path:
    (directory / "settings.py").write_text(content)
    for command in (["init", "--quiet"], ["add", "settings.py"]):
        subprocess.run(["git", "-C", directory, *command], check=True)
    return directory


def test_a_key_that_was_checked_in_is_found(tmp_path: Path) -> None:
    encoding = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    assert scan(checkout(tmp_path, Ed25519PrivateKey.generate().private_bytes(*encoding).decode())) != 0


def test_a_checkout_without_secrets_passes(tmp_path: Path) -> None:
    assert scan(checkout(tmp_path, 'database_url = ""\n')) == 0


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_where_nobody_can_be_asked_pins_are_not_audited_and_that_is_said(
    ci: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CI", ci)
    assert audit(lambda: False) == code
    assert "audited: no database of vulnerabilities" in capsys.readouterr().out
