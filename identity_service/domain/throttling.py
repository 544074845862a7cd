"""How often something may be tried: some times at once, then with pauses that double."""

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """`free` tries without a pause; then one second, two, four and so on, never more than `longest`. Forgotten after `memory` of quiet."""

    free: int
    longest: timedelta
    memory: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowances:
    """For guesses of passwords and for e-mails.

    A stranger shares only `account` with the owner, and only as long as the owner's device is not known: its pauses are short. A device
    that has logged in before is counted by `device` alone.
    """

    pair: Allowance = Allowance(free=5, longest=timedelta(minutes=15))
    address: Allowance = Allowance(free=100, longest=timedelta(minutes=1))
    account: Allowance = Allowance(free=50, longest=timedelta(seconds=20))
    device: Allowance = Allowance(free=10, longest=timedelta(minutes=15))
    mails_of_address: Allowance = Allowance(free=50, longest=timedelta(minutes=15))
    mails_to_mailbox: Allowance = Allowance(free=5, longest=timedelta(hours=1), memory=timedelta(hours=2))


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing that is counted."""

    key: bytes
    allowance: Allowance


def login_limits(allowances: Allowances, email: str, address: str, known_device: str) -> list[Limit]:
    """`known_device` is empty for a device that never logged in to this account."""
    if known_device:
        return [_limit(allowances.device, "device", known_device, email)]
    return [
        _limit(allowances.pair, "pair", email, address),
        _limit(allowances.account, "account", email),
        _limit(allowances.address, "address", address),
    ]


def owner_limits(allowances: Allowances, user: str) -> list[Limit]:
    """Whoever holds a token of the account guesses its password."""
    return [_limit(allowances.pair, "owner", user)]


def mail_limit_of_address(allowances: Allowances, address: str) -> Limit:
    return _limit(allowances.mails_of_address, "mails of", address)


def mail_limit_of_mailbox(allowances: Allowances, email: str) -> Limit:
    return _limit(allowances.mails_to_mailbox, "mails to", email)


def network_of(address: str) -> str:
    """What one subscriber has: an IPv4 address, or a /64 of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(parsed) if parsed.version == 4 else str(ipaddress.ip_network(f"{parsed}/64", strict=False))


def _limit(allowance: Allowance, *what: str) -> Limit:
    """By a hash: the table of counters is no list of who tried to log in."""
    return Limit(hashlib.sha256("\0".join(what).encode()).digest(), allowance)
