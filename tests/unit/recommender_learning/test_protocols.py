"""The protocols, on histories that fit on a page."""

from recommender_service.infrastructure.learning.data import Interaction, Interactions
from recommender_service.infrastructure.learning.evaluation.gate import hold_out
from recommender_service.infrastructure.learning.evaluation.protocols import stream, user80

ROWS = [
    *[Interaction("a", item, weight, time) for item, weight, time in (("1", 1, 1), ("2", 0.3, 2), ("3", 1, 3), ("4", 1, 8), ("5", 0.3, 9))],
    *[Interaction("b", item, weight, time) for item, weight, time in (("1", 0.3, 4), ("2", 1, 5), ("3", 1, 10))],
    *[Interaction("c", item, weight, time) for item, weight, time in (("1", 1, 6), ("2", 0.3, 7))],
]
DATA = Interactions.of(ROWS, ["1", "2", "3", "4", "5"])


def test_user80_trains_on_the_first_four_fifths_rounded_down() -> None:
    # a: 4 of 5, b: 2 of 3, c: 1 of 2
    assert [DATA.items[item] for item in user80(DATA).train.item] == ["1", "2", "3", "4", "1", "2", "1"]


def test_user80_asks_users_with_a_like_on_both_sides() -> None:
    asked = [(question.user, [event.item for event in question.history], question.right) for question in user80(DATA).questions()]
    assert asked == [("b", ["1", "2"], frozenset({"3"}))]  # the last of a and of c is no like


def test_stream_trains_on_what_came_first_of_all() -> None:
    assert sorted(stream(DATA).train.time) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_stream_asks_just_before_each_like_and_knows_all_before_it() -> None:
    asked = [
        (question.user, [event.item for event in question.history], question.known, set(question.right))
        for question in stream(DATA).questions()
    ]
    assert asked == [("b", ["1", "2"], 2, {"3"})]


def test_stream_histories_grow_past_the_training() -> None:
    more = Interactions.of([*ROWS, Interaction("a", "6", 1, 11), Interaction("a", "7", 1, 12)])
    last = [(len(question.history), question.known) for question in stream(more).questions() if question.user == "a"]
    assert last == [(5, 5), (6, 5)]


def test_the_gate_holds_out_what_came_last() -> None:
    known, hidden = hold_out(DATA)
    assert len(known) + len(hidden) == len(DATA)
    assert sorted(hidden.time) == [7, 9, 10]
