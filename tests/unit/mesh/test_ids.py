"""Ids that nobody chose."""

import time
import uuid

from mesh.ids import uuid7


def test_a_uuid7_says_its_version_and_when_it_was_made() -> None:
    made = uuid.UUID(uuid7())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert abs((made.int >> 80) / 1000 - time.time()) < 5


def test_ids_differ_and_later_ones_sort_later() -> None:
    first = uuid7()
    time.sleep(0.002)
    later = [uuid7() for _ in range(1000)]
    assert len(set(later)) == 1000
    assert all(first < one for one in later)
