"""The data directory of one stack: who may use it, and where everything in it lies."""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stack.errors import StackError

FORMAT = 1
_MARKER = "reelmesh.json"
_NEEDED = 200 << 20  # bytes: below this PostgreSQL cannot even be created and used a little


class DataDirectory:
    """`open` makes it or refuses it with one sentence; `lock` admits one `reelmesh up` at a time."""

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.abspath(path.expanduser()))
        self.logs = self.path / "logs"
        self.secrets = self.path / "secrets"
        self.admin_login = self.secrets / "admin-login.json"
        self.mailbox = self.path / "mailbox"
        self.payments = self.path / "payments"
        self.registry = self.path / "registry"
        self.postgres = self.path / "postgres"
        self.nats = self.path / "nats"
        self.consul = self.path / "consul"
        self.edge = self.path / "edge"
        self.certificates = self.path / "certificates"
        self.rules_file = self.path / "rules.json"
        self.state_file = self.path / "state.json"
        self.demo_marker = self.path / "demo-loaded"

    def open(self) -> None:
        marker = self.path / _MARKER
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            found = sorted(entry.name for entry in self.path.iterdir())
        except (FileExistsError, NotADirectoryError):
            raise StackError(f"{self.path} is a file, not a folder: choose another --data-dir") from None
        except OSError as error:
            raise StackError(f"the data directory {self.path} cannot be used: {error.strerror}") from error
        if found and not marker.exists():
            raise StackError(f"{self.path} is not a data directory of reelmesh (it holds {found[0]}): choose an empty one with --data-dir")
        if found and (version := self._format(marker)) != FORMAT:
            raise StackError(f"{self.path} has data format {version}, this reelmesh works with format {FORMAT}: choose another --data-dir")
        if (free := shutil.disk_usage(self.path).free) < _NEEDED:
            raise StackError(f"the disk of {self.path} is full: {free >> 20} MiB are left, at least {_NEEDED >> 20} MiB are needed")
        try:
            if not found:
                marker.write_text(json.dumps({"format": FORMAT}) + "\n", encoding="utf-8")
            for folder in (self.logs, self.registry, self.edge):
                folder.mkdir(exist_ok=True)
            self.secrets.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StackError(f"the data directory {self.path} cannot be written: {error.strerror}") from error

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Held for as long as a supervisor lives; the kernel lets go of it however that ends."""
        try:
            descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StackError(f"the data directory {self.path} cannot be written: {error.strerror}") from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StackError(f"reelmesh is already running in {self.path} (pid {self.running_pid() or 'unknown'})") from None
            os.truncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
            yield
        finally:
            os.close(descriptor)

    def running_pid(self) -> int | None:
        """The supervisor's pid, None when none runs. A pid in a file proves nothing, the lock does."""
        try:
            descriptor = os.open(self._lock_file, os.O_RDWR)
        except OSError:
            return None
        try:
            for _ in range(20):
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
                    return None
                except BlockingIOError:
                    if written := self._lock_file.read_text(encoding="utf-8").strip():
                        return int(written)
                    time.sleep(0.01)  # it has the lock and is about to write its pid
            return None
        finally:
            os.close(descriptor)

    @property
    def _lock_file(self) -> Path:
        return self.path / "lock"

    def _format(self, marker: Path) -> object:
        try:
            return json.loads(marker.read_text(encoding="utf-8"))["format"]
        except (OSError, ValueError, KeyError, TypeError):
            return "unknown"
