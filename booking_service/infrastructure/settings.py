"""What booking is told by its environment, besides what every service is."""

from collections.abc import Mapping
from datetime import timedelta

from booking_service.domain.bookings import HoldRules
from mesh.environment import read_number

_DAY = 86_400.0


def hold_rules(environment: Mapping[str, str]) -> HoldRules:
    """From `REELMESH_BOOKING_*`. Raises WrongSettings."""
    usual = HoldRules()
    lifetime = read_number(environment, "REELMESH_BOOKING_HOLD_SECONDS", usual.lifetime.total_seconds(), least=1, most=_DAY)
    most = read_number(environment, "REELMESH_BOOKING_LIVE_HOLDS", usual.live_holds, least=1, most=1_000)
    return HoldRules(timedelta(seconds=lifetime), int(most))
