"""The authority of a stack and the certificates that it makes."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from stack.certificates import Certificates
from stack.errors import StackError
from tests.authorities import certificates


def certificate(made: Certificates, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(made.identity(name).read().certificate)


def names(found: x509.Certificate) -> list[str]:
    return [str(each.value) for each in found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value]


def test_a_certificate_holds_the_name_of_its_process_and_no_other(tmp_path: Path) -> None:
    made = certificates(tmp_path, "movie", "control-plane")
    assert names(certificate(made, "movie")) == ["spiffe://reelmesh/movie", "movie"]
    assert names(certificate(made, "control-plane")) == ["spiffe://reelmesh/control-plane", "control-plane", "127.0.0.1"]


def test_it_is_signed_by_the_authority_and_lasts_as_long_as_told(tmp_path: Path) -> None:
    made = certificates(tmp_path, "movie", life=120)
    found = certificate(made, "movie")
    found.verify_directly_issued_by(x509.load_pem_x509_certificate(made.identity("movie").read().authorities))
    assert timedelta(seconds=60) < found.not_valid_after_utc - datetime.now(UTC) <= timedelta(seconds=120)


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    certificates(tmp_path, "movie")
    private = [path for path in tmp_path.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]
    assert {path.name for path in private} == {"authority-key.pem", "tls.key"}
    assert {path.stat().st_mode & 0o077 for path in private} == {0}


def test_the_authority_stays_and_certificates_change(tmp_path: Path) -> None:
    first = certificates(tmp_path, "movie").identity("movie").read()
    second = certificates(tmp_path, "movie").identity("movie").read()
    assert first.authorities == second.authorities
    assert first.key != second.key


def test_whoever_reads_meanwhile_still_finds_what_it_began_to_read(tmp_path: Path) -> None:
    made = certificates(tmp_path, "movie")
    begun = Path(os.path.realpath(made.identity("movie").directory / "tls.crt"))
    made.renew()
    assert begun.exists()
    made.renew()
    assert not begun.exists()


async def test_they_are_renewed_again_and_again(tmp_path: Path) -> None:
    made = certificates(tmp_path, "movie", life=0.1)
    seen = {made.identity("movie").read().key}
    renewing = asyncio.create_task(made.keep_renewed(print))
    async with asyncio.timeout(10):
        while len(seen) < 4:
            await asyncio.sleep(0.01)
            seen.add(made.identity("movie").read().key)
    renewing.cancel()


async def test_a_machine_that_slept_renews_them_when_it_wakes(tmp_path: Path) -> None:
    now = [0.0]
    made = certificates(tmp_path, "movie", life=0.2)
    before = made.identity("movie").read()
    renewing = asyncio.create_task(made.keep_renewed(print, lambda: now[0]))
    await asyncio.sleep(0.3)
    assert made.identity("movie").read() == before  # by this clock no time has passed
    now[0] = 7200.0
    async with asyncio.timeout(10):
        while made.identity("movie").read() == before:  # noqa: ASYNC110  # files have no event
            await asyncio.sleep(0.01)
    renewing.cancel()


async def test_what_stands_in_the_way_is_said_and_tried_again(tmp_path: Path) -> None:
    made = certificates(tmp_path, "movie", life=0.1)
    key_file, said = tmp_path / "secrets" / "authority-key.pem", asyncio.Event()
    before, key = made.identity("movie").read(), key_file.read_bytes()
    key_file.write_bytes(b"scratched")
    with pytest.raises(StackError, match="cannot be renewed"):
        made.renew()
    renewing = asyncio.create_task(made.keep_renewed(lambda sentence: said.set()))
    async with asyncio.timeout(10):
        await said.wait()
        assert made.identity("movie").read() == before
        key_file.write_bytes(key)
        while made.identity("movie").read() == before:  # noqa: ASYNC110  # files have no event
            await asyncio.sleep(0.01)
    renewing.cancel()


def test_a_stack_with_plain_text_leaves_none_behind(tmp_path: Path) -> None:
    made = certificates(tmp_path, "movie")
    made.clear()
    assert not made.identity("movie").directory.exists()
