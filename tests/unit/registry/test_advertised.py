"""Under which address an instance registers."""

import socket

import pytest

from mesh.registry.advertised import advertised, with_host


@pytest.mark.parametrize(
    ("wanted", "listening", "address"),
    [
        ("", "127.0.0.1:5001", ("127.0.0.1", 5001)),
        ("", "[::1]:5001", ("::1", 5001)),
        ("10.0.0.7", "0.0.0.0:5001", ("10.0.0.7", 5001)),
        ("10.0.0.7:80", "0.0.0.0:5001", ("10.0.0.7", 80)),
        ("[fd00::7]:80", "[::]:5001", ("fd00::7", 80)),
        ("[fd00::7]", "[::]:5001", ("fd00::7", 5001)),
        ("fd00::7", "[::]:5001", ("fd00::7", 5001)),
        ("a-name:80", "127.0.0.1:5001", ("10.1.1.1", 80)),
        ("", "0.0.0.0:5001", ("10.2.2.2", 5001)),
    ],
)
def test_it_is_what_was_wanted_or_where_it_listens(
    monkeypatch: pytest.MonkeyPatch, wanted: str, listening: str, address: tuple[str, int]
) -> None:
    names = {"a-name": "10.1.1.1", "this-machine": "10.2.2.2"}
    monkeypatch.setattr(socket, "gethostname", lambda: "this-machine")
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, **_: [(0, 0, 0, "", (names.get(host, host), 0))])
    assert advertised(wanted, listening) == address


@pytest.mark.parametrize("wanted", ["10.0.0.7:http", ""])
def test_what_is_no_address_is_refused(wanted: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        advertised(wanted, "nowhere" if not wanted else "127.0.0.1:5001")


def test_a_page_that_listens_everywhere_is_at_the_same_host() -> None:
    assert with_host("0.0.0.0:9100", "10.0.0.7") == "10.0.0.7:9100"
    assert with_host("[::]:9100", "fd00::7") == "[fd00::7]:9100"
    assert with_host("127.0.0.1:9100", "10.0.0.7") == "127.0.0.1:9100"
