"""What identity is told by its environment, besides what every service is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from identity_service.domain.sessions import Lifetimes
from identity_service.domain.throttling import Allowance, Allowances
from identity_service.infrastructure.hashing import HashingParameters
from mesh.environment import WrongSettings, read_number

_PREFIX = "REELMESH_IDENTITY_"
_DAY = 86_400.0
_MANY = 1e9


@dataclass(frozen=True, kw_only=True)
class IdentitySettings:
    """`signing_key_file` has the private key, the same for all replicas; `admin_file` the login of the first administrator, as JSON with
    `email` and `password`; `data_holders` are the contexts that hold personal data."""

    signing_key_file: Path
    admin_file: Path | None = None
    data_holders: tuple[str, ...] = ("rating", "recommender", "library", "booking")
    hashing: HashingParameters = field(default_factory=HashingParameters)
    lifetimes: Lifetimes = field(default_factory=Lifetimes)
    allowances: Allowances = field(default_factory=Allowances)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "IdentitySettings":
        """Read from `REELMESH_IDENTITY_*`. Raises WrongSettings."""

        def number(name: str, default: float, *, least: float = 0.0, most: float) -> float:
            return read_number(environment, _PREFIX + name, default, least=least, most=most)

        def seconds(name: str, default: timedelta, most: float) -> timedelta:
            return timedelta(seconds=number(name, default.total_seconds(), most=most))

        def free(name: str, allowance: Allowance) -> Allowance:
            return replace(allowance, free=int(number(name, allowance.free, least=1, most=_MANY)))

        if not (key_file := environment.get(f"{_PREFIX}SIGNING_KEY_FILE")):
            raise WrongSettings(f"{_PREFIX}SIGNING_KEY_FILE: is not set")
        admin_file, holders = environment.get(f"{_PREFIX}ADMIN_FILE"), environment.get(f"{_PREFIX}DATA_HOLDERS")
        hashing, lifetimes, allowances = HashingParameters(), Lifetimes(), Allowances()
        return cls(
            signing_key_file=Path(key_file),
            admin_file=Path(admin_file) if admin_file else None,
            data_holders=cls.data_holders if holders is None else tuple(name for name in holders.split(",") if name),
            hashing=HashingParameters(
                memory_kib=int(number("ARGON2_MEMORY_KIB", hashing.memory_kib, least=8, most=4 << 20)),
                time_cost=int(number("ARGON2_TIME_COST", hashing.time_cost, least=1, most=100)),
                parallelism=int(number("ARGON2_PARALLELISM", hashing.parallelism, least=1, most=64)),
                threads=int(number("HASHING_THREADS", hashing.threads, least=1, most=64)),
                most_waiting=int(number("HASHING_QUEUE", hashing.most_waiting, most=10_000)),
            ),
            lifetimes=Lifetimes(
                refresh=seconds("REFRESH_SECONDS", lifetimes.refresh, most=400 * _DAY),
                grace=seconds("REFRESH_GRACE_SECONDS", lifetimes.grace, most=600),
            ),
            allowances=replace(
                allowances,
                pair=free("LOGINS", allowances.pair),
                device=free("LOGINS_OF_DEVICE", allowances.device),
                address=free("LOGINS_OF_ADDRESS", allowances.address),
                account=free("LOGINS_OF_ACCOUNT", allowances.account),
                mails_of_address=free("MAILS_OF_ADDRESS", allowances.mails_of_address),
                mails_to_mailbox=free("MAILS_TO_MAILBOX", allowances.mails_to_mailbox),
            ),
        )
