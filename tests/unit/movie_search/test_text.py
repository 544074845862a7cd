"""What counts as the same word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_service.domain.search.text import fold, key, run_grams, tokens, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Amélie", "AMELIE"),
        ("Ame\u0301lie", "amélie"),
        ("8½", "8 1/2"),
        ("WALL·E", "wall-e"),
        ("Schindler's List", "schindlers list"),
        ("Schindler’s List", "schindler's   list"),
        ("Straße", "STRASSE"),
        ("İstanbul", "istanbul"),
        ("Æon Flux", "aeon flux"),
        ("Ёлки", "елки"),
        ("ＡＫＩＲＡ", "akira"),
        ("שָׁלוֹם", "שלום"),
        ("& | ! : * ' \\ toy", "toy"),
        ("😀 up 😀", "up"),
    ],
)
def test_two_spellings_are_one(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(("one", "other"), [("バス", "ハス"), ("기생충", "기생"), ("हिन्दी", "हनद"), ("8½", "81/2")])
def test_marks_that_make_another_letter_stay(one: str, other: str) -> None:
    assert key(one) != key(other)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Spider-Man's Day", {"spider", "mans", "man", "spidermans", "day"}),
        ("E.T. the Extra-Terrestrial", {"e", "t", "et", "the", "extra", "terrestrial", "extraterrestrial"}),
        ("M*A*S*H", {"m", "a", "s", "h", "mash"}),
        ("L'Avventura", {"lavventura", "avventura"}),
        ("Mission - Impossible", {"mission", "impossible"}),
        ("七人の侍", set()),
    ],
)
def test_a_text_is_found_by_its_words_joined_and_apart(text: str, found: set[str]) -> None:
    assert set(words(text)) == found


def test_a_script_without_spaces_is_found_by_characters_and_pairs() -> None:
    assert set(run_grams("Ran 乱 七人の")) == {"乱", "七", "人", "の", "七人", "人の"}


def test_a_hangul_title_is_words() -> None:
    assert list(words("살인의 추억")) == ["살인의", "추억"]


@given(st.text(max_size=60))
def test_tokens_are_in_order_inside_the_text_and_mean_what_they_cover(text: str) -> None:
    end = 0
    for token in tokens(text):
        assert 0 <= token.start < token.end <= len(text)
        # A fraction sign alone is several numbers.
        assert token.start >= end or not text[token.start].isalpha()
        assert token.word
        end = token.end


@given(st.text(max_size=60))
def test_reading_its_own_output_changes_nothing(text: str) -> None:
    assert key(key(text)) == key(text)


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_the_short_way_for_ascii_is_the_long_way(text: str) -> None:
    assert fold(text) == "".join(fold(character + "é")[:-1] for character in text)
