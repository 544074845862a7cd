"""What is believed about a service when Consul may have forgotten."""

import asyncio

from mesh.registry.consul.known import Known
from mesh.registry.port import Instance

ONE, TWO = (Instance("movie", f"movie-{number}", "127.0.0.1", number) for number in (1, 2))
TWO_ELSEWHERE = Instance("movie", "movie-2", "127.0.0.1", 22)


class Listener:
    def __init__(self) -> None:
        self.told = 0

    def __call__(self) -> None:
        self.told += 1


def known(grace: float, *instances: Instance) -> Known:
    one = Known(grace, Listener())
    one.hear(frozenset(instances), regained=True)
    return one


async def test_who_leaves_while_all_is_seen_is_gone_at_once() -> None:
    one = known(30, ONE, TWO)
    one.hear(frozenset([ONE]), regained=False)
    assert one.instances == frozenset({ONE})


async def test_the_first_answer_is_believed() -> None:
    assert known(30).instances == frozenset()


async def test_after_sight_was_lost_nobody_is_gone_before_the_grace_is_over() -> None:
    one = known(0.2, ONE, TWO)
    one.hear(frozenset(), regained=True)
    assert one.instances == frozenset({ONE, TWO})
    one.hear(frozenset([ONE]), regained=False)
    assert one.instances == frozenset({ONE, TWO})
    await asyncio.sleep(0.3)
    assert one.instances == frozenset({ONE})


async def test_who_comes_back_elsewhere_is_believed_during_the_grace() -> None:
    one = known(30, ONE, TWO)
    one.hear(frozenset([TWO_ELSEWHERE]), regained=True)
    assert one.instances == frozenset({ONE, TWO_ELSEWHERE})
    one.stop_doubting()


async def test_losing_sight_again_begins_the_grace_anew() -> None:
    one = known(0.3, ONE, TWO)
    one.hear(frozenset([ONE]), regained=True)
    await asyncio.sleep(0.2)
    one.hear(frozenset([ONE]), regained=True)
    await asyncio.sleep(0.2)
    assert one.instances == frozenset({ONE, TWO})
    await asyncio.sleep(0.2)
    assert one.instances == frozenset({ONE})
