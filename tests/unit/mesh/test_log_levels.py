"""Log levels that are changed while the process runs."""

import asyncio
import logging
from collections.abc import Iterator

import pytest

from mesh.log_levels import LevelNeeded, LogLevels

NAME = "test.log_levels"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger().level
    yield
    logging.getLogger().setLevel(root)
    logging.getLogger(NAME).setLevel(logging.NOTSET)


async def test_a_logger_follows_the_one_above_it_unless_it_has_a_level_of_its_own() -> None:
    levels = LogLevels()
    levels.set("", logging.WARNING)
    assert levels.of(NAME).effective == logging.WARNING
    assert levels.set(NAME, logging.DEBUG).effective == logging.DEBUG
    assert logging.getLogger(f"{NAME}.below").isEnabledFor(logging.DEBUG)
    assert levels.set(NAME, logging.NOTSET).effective == logging.WARNING
    assert {NAME, ""} <= {each.name for each in levels.all()}


async def test_the_root_has_to_have_a_level() -> None:
    with pytest.raises(LevelNeeded):
        LogLevels().set("", logging.NOTSET)


async def test_a_level_for_a_while_goes_back_to_what_was_before_the_first_such_change() -> None:
    levels = LogLevels()
    levels.set(NAME, logging.ERROR)
    assert levels.set(NAME, logging.DEBUG, 60).expires is not None
    assert levels.set(NAME, logging.INFO, 0.02).effective == logging.INFO
    async with asyncio.timeout(5):
        while levels.of(NAME).expires is not None:  # noqa: ASYNC110  # a timer of the loop is waited for
            await asyncio.sleep(0.01)
    assert levels.of(NAME).effective == logging.ERROR


async def test_a_level_for_good_ends_the_while() -> None:
    levels = LogLevels()
    levels.set(NAME, logging.DEBUG, 0.02)
    assert levels.set(NAME, logging.INFO).expires is None
    await asyncio.sleep(0.05)
    assert levels.of(NAME).effective == logging.INFO
