"""Certificates as files, and the names in them."""

from pathlib import Path

import pytest

from mesh.tls.identity import AUTHORITIES, CERTIFICATE, CURRENT, KEY, Identity, IdentityUnusable
from mesh.tls.settings import TlsSettings


def written(folder: Path, text: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in (CERTIFICATE, KEY, AUTHORITIES):
        (folder / name).write_bytes(text)
    return folder


def test_files_may_lie_in_the_folder_itself(tmp_path: Path) -> None:
    assert Identity(written(tmp_path, b"own")).read() == (b"own", b"own", b"own")


def test_files_are_read_where_the_link_of_a_mounted_secret_points(tmp_path: Path) -> None:
    written(tmp_path, b"somebody turned the link between two of these")
    (tmp_path / CURRENT).symlink_to(written(tmp_path / "..2026", b"mounted"))
    assert Identity(tmp_path).read() == (b"mounted", b"mounted", b"mounted")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    (written(tmp_path, b"") / KEY).unlink()
    with pytest.raises(IdentityUnusable, match=rf"{KEY}: No such file"):
        Identity(tmp_path).read()


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("spiffe://reelmesh/movie", "movie"),
        ("spiffe://elsewhere/movie", ""),
        ("spiffe://reelmesh.elsewhere/movie", ""),
        ("https://reelmesh/movie", ""),
        ("movie", ""),
        ("", ""),
        ("-", ""),
    ],
)
def test_only_a_uri_of_our_trust_domain_has_a_name(uri: str, name: str) -> None:
    assert Identity(Path()).name(uri) == name


def test_without_certificates_everybody_may_call() -> None:
    assert TlsSettings().callers(["movie"]) is None


def test_the_mesh_may_call_unless_callers_are_named() -> None:
    assert TlsSettings(tls_dir=Path()).callers(["movie", "rating"]) == frozenset({"movie", "rating", "edge", "control-plane", "operator"})
    assert TlsSettings(tls_dir=Path(), tls_callers="edge, movie").callers(["movie", "rating"]) == frozenset({"edge", "movie"})
