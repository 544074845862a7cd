"""How well the sandbox behaves: what a test asks of it, and what a demo lets happen."""

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

Range = tuple[float, float]
_MOST_SECONDS = 86_400.0
_MOST_COPIES = 20


class WrongControls(Exception):
    """The text says which of them is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """Ranges are drawn from evenly, anew each time: seconds until a late method settles, seconds until a webhook is sent (each copy has its
    own, so that a wide range shuffles them), how many copies of it there are. `webhook_loss` and `decline` are shares; while `away`, every
    request of a customer is answered 503."""

    settle_seconds: Range = (2.0, 2.0)
    webhook_seconds: Range = (0.0, 0.0)
    webhook_copies: Range = (1, 1)
    webhook_loss: float = 0.0
    decline: float = 0.0
    away: bool = False

    def changed(self, wishes: Mapping[str, Any]) -> "Controls":
        """With what `wishes` names changed. Raises WrongControls."""
        known = {field.name for field in fields(self)}
        if unknown := sorted(wishes.keys() - known):
            raise WrongControls(f"{', '.join(unknown)}: there are {', '.join(sorted(known))}")
        return Controls(
            settle_seconds=_range("settle_seconds", wishes.get("settle_seconds", self.settle_seconds), _MOST_SECONDS),
            webhook_seconds=_range("webhook_seconds", wishes.get("webhook_seconds", self.webhook_seconds), _MOST_SECONDS),
            webhook_copies=_range("webhook_copies", wishes.get("webhook_copies", self.webhook_copies), _MOST_COPIES),
            webhook_loss=_number("webhook_loss", wishes.get("webhook_loss", self.webhook_loss), 1.0),
            decline=_number("decline", wishes.get("decline", self.decline), 1.0),
            away=bool(wishes.get("away", self.away)),
        )

    def described(self) -> dict[str, Any]:
        return asdict(self)

    def settles_after(self, dice: random.Random) -> float:
        return dice.uniform(*self.settle_seconds)

    def webhooks_after(self, dice: random.Random) -> list[float]:
        """One number of seconds for each copy that is sent; none when it is lost."""
        if dice.random() < self.webhook_loss:
            return []
        low, high = self.webhook_copies
        return [dice.uniform(*self.webhook_seconds) for _ in range(dice.randint(int(low), int(high)))]


def _range(name: str, wish: Any, most: float) -> Range:
    if not isinstance(wish, list | tuple) or len(wish) != 2:
        raise WrongControls(f"{name}: {wish!r} is no pair of numbers")
    low, high = (_number(name, number, most) for number in wish)
    if low > high:
        raise WrongControls(f"{name}: {low:g} is more than {high:g}")
    return low, high


def _number(name: str, wish: Any, most: float) -> float:
    if isinstance(wish, bool) or not isinstance(wish, int | float) or not 0 <= wish <= most:
        raise WrongControls(f"{name}: {wish!r} is no number from 0 to {most:g}")
    return float(wish)
