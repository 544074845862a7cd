"""The certificate authority of one stack, and the short-lived certificates of its processes."""

import asyncio
import ipaddress
import os
import shutil
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from mesh.tls.identity import AUTHORITIES, CERTIFICATE, CURRENT, KEY, Identity
from mesh.tls.settings import CONTROL_PLANE
from stack.errors import StackError
from stack.servers.command import write_private

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

_AUTHORITY_LIFE = timedelta(days=3650)
_CLOCKS_DIFFER = timedelta(minutes=1)
_RENEWED_AT = 0.5  # of its life: the second half is for whoever has not read the new one yet
_AGAIN = 0.1  # of that time, when it could not be renewed
_LOOK_SECONDS = 10.0


class Certificates:
    """`directory` gets a folder for each name, as Kubernetes mounts a secret; the authority's key stays in `secrets`. `life` is seconds."""

    def __init__(self, directory: Path, secrets: Path, life: float) -> None:
        self._directory = directory
        self._key_file, self._certificate_file = secrets / "authority-key.pem", secrets / "authority.pem"
        self._life = timedelta(seconds=life)
        self._names: list[str] = []

    def create(self, names: Iterable[str]) -> None:
        """The authority, once; and a certificate for each of `names`."""
        self._names = sorted(set(names))
        if not (self._key_file.exists() and self._certificate_file.exists()):
            self._create_authority()
        self._directory.mkdir(mode=0o700, exist_ok=True)
        self.renew()

    def clear(self) -> None:
        """Of a stack with plain text nobody is to find certificates."""
        shutil.rmtree(self._directory, ignore_errors=True)

    def identity(self, name: str) -> Identity:
        return Identity(self._directory / name)

    def renew(self) -> None:
        """A new key and certificate for everybody."""
        try:
            key, certificate = _authority(self._key_file, self._certificate_file)
            for name in self._names:
                self._put(name, *_issued(key, certificate, self.identity(name).uri(name), name, self._life), _pem(certificate))
        except (OSError, ValueError) as error:
            raise StackError(f"the certificates cannot be renewed: {error}") from error

    async def keep_renewed(self, say: Callable[[str], None], clock: Callable[[], float] = time.time) -> None:
        """Until it is cancelled; says what stands in the way, and tries again. `clock` is that of certificates: it goes on while a machine
        sleeps, and then what is there may have expired."""
        usual = self._life.total_seconds() * _RENEWED_AT
        due = clock() + usual
        while True:
            await asyncio.sleep(min(_LOOK_SECONDS, usual * _AGAIN))
            if clock() < due:
                continue
            try:
                await asyncio.to_thread(self.renew)
                due = clock() + usual
            except StackError as error:
                say(str(error))
                due = clock() + usual * _AGAIN

    def _create_authority(self) -> None:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.x509.oid import NameOID

        key = _new_key()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "reelmesh on this machine")])
        built = _builder(key, _AUTHORITY_LIFE).subject_name(name).issuer_name(name)
        built = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        write_private(self._key_file, _key_pem(key))
        write_private(self._certificate_file, _pem(built.sign(key, hashes.SHA256())))

    def _put(self, name: str, certificate: str, key: str, authorities: str) -> None:
        """All three files change in one step: they are links through one link, which is turned to a new folder."""
        folder = self._directory / name
        current = folder / CURRENT
        kept = {os.readlink(current)} if current.is_symlink() else set()  # somebody may be reading them just now
        fresh = folder / f"..{datetime.now(UTC):%Y%m%d%H%M%S%f}"
        fresh.mkdir(mode=0o700, parents=True)
        for file, text in ((CERTIFICATE, certificate), (KEY, key), (AUTHORITIES, authorities)):
            write_private(fresh / file, text)
            if not (folder / file).is_symlink():
                (folder / file).symlink_to(Path(CURRENT) / file)
        draft = folder / f"{CURRENT}_next"
        draft.unlink(missing_ok=True)
        draft.symlink_to(fresh.name)
        draft.replace(current)
        for old in folder.glob("..[0-9]*"):
            if old.name not in {fresh.name, *kept}:
                shutil.rmtree(old, ignore_errors=True)


def _authority(key_file: Path, certificate_file: Path) -> "tuple[EllipticCurvePrivateKey, x509.Certificate]":
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    if not isinstance(key, EllipticCurvePrivateKey):
        raise ValueError(f"{key_file} is no key for certificates")
    return key, x509.load_pem_x509_certificate(certificate_file.read_bytes())


def _issued(authority: "EllipticCurvePrivateKey", issuer: "x509.Certificate", uri: str, name: str, life: timedelta) -> tuple[str, str]:
    """A certificate and its key, PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID

    key = _new_key()
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(uri), x509.DNSName(name)]
    if name == CONTROL_PLANE:  # gRPC's xDS client dials an address and looks for it
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    built = _builder(key, life).subject_name(x509.Name([])).issuer_name(issuer.subject)
    built = built.add_extension(x509.SubjectAlternativeName(names), critical=True)  # as it has to be where there is no subject
    built = built.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
    built = built.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    return _pem(built.sign(authority, hashes.SHA256())), _key_pem(key)


def _builder(key: "EllipticCurvePrivateKey", life: timedelta) -> "x509.CertificateBuilder":
    from cryptography import x509

    now = datetime.now(UTC)
    built = x509.CertificateBuilder().public_key(key.public_key()).serial_number(x509.random_serial_number())
    return built.not_valid_before(now - _CLOCKS_DIFFER).not_valid_after(now + life)


def _new_key() -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _key_pem(key: "EllipticCurvePrivateKey") -> str:
    from cryptography.hazmat.primitives import serialization

    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


def _pem(certificate: "x509.Certificate") -> str:
    from cryptography.hazmat.primitives import serialization

    return certificate.public_bytes(serialization.Encoding.PEM).decode()
