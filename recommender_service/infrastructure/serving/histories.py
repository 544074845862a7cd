"""What each user did, as narrow records in memory: 16 bytes for each interaction that tells of taste."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from struct import Struct

from recommender_service.domain.interactions import Event

# Movie number, seconds since 1970, kind, value; big-endian, because PostgreSQL makes these records when a replica starts.
RECORD = Struct(">iqhh")


class Histories:
    """Bounded: of one user the last `most_of_one` records, and `most` altogether. Beyond that, the users who were asked for or did
    something longest ago are forgotten here; `of` then gives None, and the database is asked."""

    def __init__(self, id_of: Callable[[int], str], most: int = 20_000_000, most_of_one: int = 10_000) -> None:
        self._id_of = id_of
        self._most, self._most_of_one = most * RECORD.size, most_of_one * RECORD.size
        self._records: OrderedDict[str, bytearray] = OrderedDict()
        self._size = 0
        self.complete = True

    def put(self, user: str, records: bytes) -> None:
        """All records of a user, in place of what was known."""
        self._size -= len(self._records.pop(user, b""))
        kept = bytearray(records[-self._most_of_one :])
        self._records[user] = kept
        self._size += len(kept)
        self._forget()

    def add(self, user: str, movie: int, kind: int, value: int, time: float) -> None:
        """Of a user who was forgotten nothing is kept: half a history would be taken for a whole one."""
        records = self._records.get(user)
        if records is None:
            if not self.complete:
                return
            records = self._records[user] = bytearray()
        records += RECORD.pack(movie, int(time), kind, value)
        self._size += RECORD.size
        if len(records) > 2 * self._most_of_one:
            surplus = len(records) - self._most_of_one
            del records[:surplus]
            self._size -= surplus
        self._records.move_to_end(user)
        self._forget()

    def remove(self, user: str) -> None:
        self._size -= len(self._records.pop(user, b""))

    def of(self, user: str) -> list[Event] | None:
        """None for a user who is not here; while `complete`, that is one who has done nothing."""
        records = self._records.get(user)
        if records is None:
            return None
        self._records.move_to_end(user)
        return list(self._events(records))

    def _events(self, records: bytearray) -> Iterator[Event]:
        for movie, time, kind, value in RECORD.iter_unpack(records):
            yield Event(self._id_of(movie), kind, value, time)

    def _forget(self) -> None:
        while self._size > self._most and len(self._records) > 1:
            _, forgotten = self._records.popitem(last=False)
            self._size -= len(forgotten)
            self.complete = False
