"""Becomes another program that dies with its parent: `launch.py PARENT_PID SIGNAL UID:GID|- ARGV…` (standard library only, run with -I -S).

It runs instead of a `preexec_fn` because code between fork and exec may deadlock in a process that has threads.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAP_DAC_READ_SEARCH = 2
_CAPABILITY_VERSION_3 = 0x20080522


class _CapabilityHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapabilitySet(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


def _drop_to(uid: int, gid: int) -> None:
    """Root gives itself up, keeping one capability: to search folders, so that a data directory below a private folder works
    without changing that folder's permissions. PostgreSQL refuses to run as root."""
    linux = sys.platform == "linux"
    libc = ctypes.CDLL(None, use_errno=True)
    kept: int | None = None
    if linux:
        header, held = _CapabilityHeader(_CAPABILITY_VERSION_3, 0), (_CapabilitySet * 2)()
        libc.capget(ctypes.byref(header), held)
        kept = next((c for c in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE) if held[0].permitted & (1 << c)), None)
        libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if linux and kept is not None:
        bit = 1 << kept
        sets = (_CapabilitySet * 2)(_CapabilitySet(bit, bit, bit), _CapabilitySet(0, 0, 0))
        libc.capset(ctypes.byref(_CapabilityHeader(_CAPABILITY_VERSION_3, 0)), sets)
        libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, kept, 0, 0)


def _die_with(parent: int, signal_number: int) -> None:
    """After any change of identity, which would clear it. The parent may have died before: then nobody would tell us."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


def main(arguments: list[str]) -> None:
    parent, signal_number, account, *argv = arguments
    if account != "-":
        uid, gid = account.split(":")
        _drop_to(int(uid), int(gid))
    _die_with(int(parent), int(signal_number))
    try:
        os.execvp(argv[0], argv)  # noqa: S606 — becoming the program is the point; no shell is wanted
    except OSError as error:
        print(f"cannot run {argv[0]}: {error.strerror}", file=sys.stderr)
        sys.exit(127)


if __name__ == "__main__":
    main(sys.argv[1:])
