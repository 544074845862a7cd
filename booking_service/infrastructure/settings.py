"""What booking is told by its environment, besides what every service is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from booking_service.domain.bookings import HoldRules
from mesh.environment import WrongSettings, read_number

_DAY = 86_400.0


def hold_rules(environment: Mapping[str, str]) -> HoldRules:
    """From `REELMESH_BOOKING_*`. Raises WrongSettings."""
    usual = HoldRules()
    lifetime = read_number(environment, "REELMESH_BOOKING_HOLD_SECONDS", usual.lifetime.total_seconds(), least=1, most=_DAY)
    most = read_number(environment, "REELMESH_BOOKING_LIVE_HOLDS", usual.live_holds, least=1, most=1_000)
    return HoldRules(timedelta(seconds=lifetime), int(most))


@dataclass(frozen=True, kw_only=True)
class PaymentSettings:
    """Where payments are made; nowhere without a `url`. Any of `webhook_secrets` may have signed what the provider sends; `pause` is the
    first between two tries at a payment, in seconds."""

    url: str = ""
    api_key: str = ""
    webhook_secrets: tuple[str, ...] = ()
    pause: int = 15

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "PaymentSettings":
        """From `REELMESH_BOOKING_PAYMENTS_URL` and the file `REELMESH_BOOKING_PAYMENTS_KEYS`: JSON with `api_key` and
        `webhook_secret`, which may be a list while the provider changes it. Raises WrongSettings."""
        url, file = environment.get("REELMESH_BOOKING_PAYMENTS_URL", ""), environment.get("REELMESH_BOOKING_PAYMENTS_KEYS", "")
        if not url:
            return cls()
        if not url.startswith(("http://", "https://")):
            raise WrongSettings("REELMESH_BOOKING_PAYMENTS_URL: is no http or https address")
        try:
            keys = json.loads(Path(file).read_text(encoding="utf-8"))
            secrets = keys["webhook_secret"]
            return cls(url=url, api_key=str(keys["api_key"]), webhook_secrets=(secrets,) if isinstance(secrets, str) else tuple(secrets))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise WrongSettings(f"REELMESH_BOOKING_PAYMENTS_KEYS: {file!r} has no keys: {type(error).__name__}") from error
