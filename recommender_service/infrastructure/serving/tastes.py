"""What is known of each user's taste, put together from the history when it is asked for."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from recommender_service.domain.interactions import NOBODY, Taste, taste_of
from recommender_service.infrastructure.serving.histories import Histories


class Tastes:
    """`read` gives the records of a user whom the histories have forgotten, from the database."""

    def __init__(self, histories: Histories, read: Callable[[str], Awaitable[bytes]], most: int = 10_000) -> None:
        self._histories, self._read, self._most = histories, read, most
        self._ready: OrderedDict[str, Taste] = OrderedDict()
        self._reading: set[str] = set()

    async def of(self, user: str) -> Taste:
        if not user:
            return NOBODY
        ready = self._ready.get(user)
        if ready is not None:
            self._ready.move_to_end(user)
            return ready
        events = self._histories.of(user)
        while events is None and not self._histories.complete:
            self._reading.add(user)
            records = await self._read(user)
            if user in self._reading:
                self._reading.discard(user)
                self._histories.put(user, records)
            events = self._histories.of(user)
        taste = taste_of(events) if events else NOBODY
        self._ready[user] = taste
        if len(self._ready) > self._most:
            self._ready.popitem(last=False)
        return taste

    def changed(self, user: str) -> None:
        """What is being read meanwhile may be from before the change, and is read again."""
        self._ready.pop(user, None)
        self._reading.discard(user)
