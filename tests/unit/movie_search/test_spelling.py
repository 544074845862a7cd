"""Which word was meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_service.domain.search.query import Kind, Term, parse
from movie_service.domain.search.spelling import MAX_COMBINATIONS, Candidate, alternatives, combinations, distances, splits


@pytest.mark.parametrize(
    ("wrong", "right", "errors"),
    [
        ("stroy", "story", 1),
        ("termnator", "terminator", 1),
        ("jurrasic", "jurassic", 2),
        ("", "up", 2),
        ("same", "same", 0),
        ("ca", "abc", 3),
    ],
)
def test_a_swap_of_neighbours_is_one_error(wrong: str, right: str, errors: int) -> None:
    assert distances(wrong, right)[-1] == errors


@given(st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_the_distance_is_the_same_both_ways_and_bounded(one: str, other: str) -> None:
    distance = distances(one, other)[-1]
    assert distance == distances(other, one)[-1]
    assert abs(len(one) - len(other)) <= distance <= max(len(one), len(other))
    assert (distance == 0) == (one == other)


def best(word: str, *candidates: tuple[str, int], kind: Kind = Kind.WORD) -> str | None:
    found = alternatives(Term(word, kind), [Candidate(*candidate) for candidate in candidates])
    return found[0][1] if found else None


def test_fewer_errors_win_over_more_movies() -> None:
    assert best("stroy", ("story", 3), ("strong", 9_000)) == "story"


def test_among_equals_the_first_letter_and_then_the_number_of_movies_decide() -> None:
    assert best("stroy", ("troy", 900), ("story", 3)) == "story"
    assert best("batmn", ("batman", 9), ("batmen", 2)) == "batman"


def test_an_unfinished_word_is_compared_with_beginnings() -> None:
    assert best("termna", ("terminator", 5), kind=Kind.PREFIX) == "terminator"
    assert best("termna", ("terminator", 5), kind=Kind.WORD) is None


@pytest.mark.parametrize("word", ["zz", "1984", "h2o2h", "7"])
def test_numbers_and_the_shortest_words_are_taken_as_they_are(word: str) -> None:
    assert best(word, ("1985", 900), ("zzz", 900)) == word


def test_a_known_word_is_doubted_only_for_a_much_more_common_one() -> None:
    stroy = alternatives(Term("stroy", Kind.WORD), [Candidate("stroy", 1), Candidate("story", 50)])
    hope = alternatives(Term("hope", Kind.WORD), [Candidate("hope", 20), Candidate("home", 60)])
    assert [[word for _, word in found] for found in (stroy, hope)] == [["stroy", "story"], ["hope"]]


def test_a_missing_space_is_found() -> None:
    assert ("star", "wars") in splits("starwars")
    assert best("starwars", ("star", 90), ("wars", 30), ("starcrash", 1)) == "star wars"
    assert splits("up") == []


def test_a_word_that_nothing_resembles_leaves_no_query() -> None:
    query = parse("toy xyzzyx")
    assert combinations(query, {"toy": [(0.0, "toy")], "xyzzyx": []}) == []


def test_combinations_come_likeliest_first_and_in_bounds() -> None:
    query = parse(" ".join("abcdefghijkl"))
    choices = {letter: [(float(number), letter + str(number)) for number in range(5)] for letter in "abcdefghijkl"}
    found = combinations(query, choices)
    assert len(found) == MAX_COMBINATIONS
    assert found[0].text == " ".join(letter + "0" for letter in "abcdefghijkl")


def test_a_split_word_keeps_the_last_word_unfinished() -> None:
    query = parse("starwars").with_words(["star wars"])
    assert query.terms == (Term("star", Kind.WORD), Term("wars", Kind.PREFIX))
