"""`reelmesh keys`: keys for a stack that something else starts."""

import json
import stat
from pathlib import Path

from mesh.auth import Authenticator
from mesh.keys import KeySet
from tests.integration.stack.conftest import reelmesh


def test_keys_are_made_once_and_the_public_ones_published(tmp_path: Path) -> None:
    data, published = tmp_path / "data", tmp_path / "jwks.json"
    first = reelmesh("keys", "--data-dir", str(data), "--publish", str(published))
    second = reelmesh("keys", "--data-dir", str(data))
    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert json.loads(first.out) == json.loads(second.out) == json.loads(published.read_text())
    assert [set(key) & {"d", "k"} for key in json.loads(first.out)["keys"]] == [set()]  # nothing private in it
    assert stat.S_IMODE((data / "secrets" / "signing-key.pem").stat().st_mode) == 0o600

    token = reelmesh("token", "--data-dir", str(data), "--subject", "users/alice").out.strip()
    principal = Authenticator(KeySet(published), issuer="reelmesh", audience="reelmesh").principal(f"Bearer {token}")
    assert principal.subject == "users/alice"


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    refused = reelmesh("keys", "--data-dir", str(tmp_path))
    assert refused.code == 1
    assert "mine.txt" in refused.err
