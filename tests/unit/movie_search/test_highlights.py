"""Where the words of a query are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_service.domain.search.highlights import MAX_HIGHLIGHTS, highlights, spans
from movie_service.domain.search.query import parse


@pytest.mark.parametrize(
    ("query", "text", "parts"),
    [
        ("toy story", "Toy Story 2", ["Toy", "Story"]),
        ("toy sto", "Toy Story", ["Toy", "Sto"]),
        ("amelie", "Le Fabuleux Destin d’Amélie Poulain", ["Amélie"]),
        ("amel", "Le Fabuleux Destin d’Amélie Poulain", ["Amél"]),
        ("amelie", "Ame\u0301lie", ["Ame\u0301lie"]),
        ("walle", "WALL·E", ["WALL·E"]),
        ("8½", "8½", ["8½"]),
        ("七人の侍", "七人の侍", ["七人の侍"]),
        ("千と", "千と千尋の神隠し", ["千と"]),
        ("schindlers", "Schindler's List", ["Schindler's"]),
        ("strass", "Straße", ["Straße"]),
        ("et", "E.T. the Extra-Terrestrial", ["E.T"]),
        ("שלום", "😀 שָׁלוֹם", ["שָׁלוֹם"]),
        ("story", "Ghost stories", []),
        ("toy story", "Story of a toy story", ["Story", "toy", "story"]),
    ],
)
def test_the_matching_parts_are_marked_in_code_points(query: str, text: str, parts: list[str]) -> None:
    assert [text[start : start + length] for start, length in spans(parse(query), text)] == parts


@given(st.text(max_size=20), st.text(max_size=40))
def test_spans_are_in_order_apart_and_inside(query: str, text: str) -> None:
    end = -1
    for start, length in spans(parse(query), text):
        assert length > 0
        assert end < start
        assert start + length <= len(text)
        end = start + length


def test_each_text_is_shown_once_and_only_so_many() -> None:
    texts = [("title", "Toy"), ("original_title", "Toy"), *(("keyword", f"toy {number}") for number in range(50))]
    found = highlights(parse("toy"), texts)
    assert [highlight.field for highlight in found[:2]] == ["title", "keyword"]
    assert len(found) == MAX_HIGHLIGHTS


def test_without_words_nothing_is_marked() -> None:
    assert highlights(parse(""), [("title", "Toy Story")]) == []
