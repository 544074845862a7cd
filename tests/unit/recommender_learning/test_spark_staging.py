"""What goes to Spark, and what is said where there is none; training on it is in tests/integration/spark."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from recommender_service.infrastructure.learning.backend import Embedded, backend_of
from recommender_service.infrastructure.learning.data import WEAK, Interaction, Interactions
from recommender_service.infrastructure.learning.errors import BackendMissing, NothingToLearn
from recommender_service.infrastructure.learning.evaluation.gate import hold_out
from recommender_service.infrastructure.learning.evaluation.protocols import events
from recommender_service.infrastructure.learning.parameters import Parameters
from recommender_service.infrastructure.learning.spark.staging import staged
from tests.unit.recommender_learning.synthetic import CATALOGUE, interactions

DATA = interactions()


def opinions(data: Interactions = DATA) -> Iterator[Interaction]:
    for user, called in enumerate(data.users):
        yield from (Interaction(called, *event) for event in events(data, user))


def test_every_row_is_written_with_its_place_from_the_newest_and_its_part(tmp_path: Path) -> None:
    with staged(opinions(), tmp_path / "rows") as data:
        lines = [line.split(",") for file in sorted(data.directory.iterdir()) for line in file.read_text().splitlines()]
        assert (data.users, data.rows, data.likes) == (60, len(DATA), int(DATA.liked.sum()))
        assert (data.first_time, data.last_time) == (DATA.time.min(), DATA.time.max())
        names = list(data.items)
        first = [line for line in lines if line[0] == "0"]
        assert [(names[int(item)], float(weight)) for _, _, item, weight, _, _ in first] == [
            (item, weight) for item, weight, _ in events(DATA, 0)
        ]
        assert [int(line[1]) for line in first] == list(range(11, -1, -1))
        assert [line[5] for line in first] == ["false"] * 10 + ["true"] * 2
    assert not (tmp_path / "rows").exists()


def test_what_is_held_out_is_what_the_embedded_backend_holds_out(tmp_path: Path) -> None:
    expected = hold_out(DATA)
    with staged(opinions(), tmp_path / "rows") as data:
        found = data.hold_out(DATA.items)
    for ours, theirs in zip(found, expected, strict=True):
        rows = {(ours.users[user], ours.items[item]) for user, item in zip(ours.user, ours.item, strict=True)}
        assert rows == {
            (theirs.users[user], theirs.items[item])
            for user, item in zip(theirs.user, theirs.item, strict=True)
            if theirs.users[user] in ours.users
        }
        assert len(rows) > 60


def test_without_a_like_there_is_nothing_to_learn_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(NothingToLearn), staged([Interaction("ann", "a", WEAK, 0.0)], tmp_path / "rows"):
        pass
    assert not (tmp_path / "rows").exists()


def test_where_spark_is_not_installed_the_training_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    spark = backend_of("spark", "local[1]", tmp_path / "rows")
    with pytest.raises(BackendMissing, match=r"reelmesh\[spark\]"):
        spark.learn(opinions(), CATALOGUE, Parameters(), lambda share, stage: None)
    assert not (tmp_path / "rows").exists()


def test_the_embedded_backend_is_the_one_that_is_used_unless_another_is_named(tmp_path: Path) -> None:
    assert isinstance(backend_of("embedded", "", tmp_path), Embedded)
