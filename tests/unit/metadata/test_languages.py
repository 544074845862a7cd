"""The fallback chain: what a reader of some languages is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metadata_service.domain.documents import LocalizedText
from metadata_service.domain.languages import primary_languages, resolve, shown, untold
from tests.unit.metadata.strategies import languages, localizations


def titled(*tags: str) -> tuple[LocalizedText, ...]:
    return tuple(LocalizedText(tag, f"title in {tag}") for tag in tags)


@pytest.mark.parametrize(
    ("asked", "original", "told", "expected"),
    [
        (["pt-BR"], "en", ["en", "pt", "pt-BR"], "pt-BR"),
        (["pt-BR"], "en", ["en", "pt"], "pt"),
        (["pt-BR"], "en", ["en", "pt-PT"], "pt-PT"),
        (["pt"], "en", ["en", "pt-BR"], "pt-BR"),
        (["pt-BR"], "en", ["de", "en"], "en"),
        (["pt-BR"], "en-GB", ["de", "en"], "en"),
        (["pt-BR"], "fr", ["de", "en"], "de"),
        (["pt-BR"], "", ["de", "en"], "de"),
        ([], "en", ["de", "en"], "en"),
        (["PT-br"], "en", ["en", "pt-BR"], "pt-BR"),
        (["pt-BR"], "en", ["en", "PT-BR"], "PT-BR"),
        (["zh-Hans-CN"], "en", ["zh", "zh-Hans"], "zh-Hans"),
        (["zh-TW"], "en", ["zh-Hans", "zh-Hant"], "zh-Hant"),
        (["zh-CN"], "en", ["zh-Hant", "zh-SG"], "zh-SG"),
        (["zh-TW"], "en", ["en", "zh-Hans"], "zh-Hans"),
        (["zh-TW", "ja"], "en", ["en", "zh-Hans", "ja"], "ja"),
        (["sr-Latn-RS"], "en", ["sr-Cyrl", "sr-Latn"], "sr-Latn"),
        (["fr", "pt-BR"], "en", ["en", "pt"], "pt"),
        (["fr-CA", "pt-BR"], "en", ["pt-BR", "fr"], "fr"),
        (["en-x-private"], "de", ["de", "en"], "en"),
    ],
)
def test_the_title_is_in_the_best_language_that_has_one(asked: list[str], original: str, told: list[str], expected: str) -> None:
    text = resolve(asked, original, titled(*told))
    assert text is not None
    assert text.language_code == expected


def test_each_part_comes_from_the_first_language_that_has_it() -> None:
    texts = (
        LocalizedText("en", "Title", "Overview", "Tagline"),
        LocalizedText("pt", overview="Sinopse"),
        LocalizedText("pt-BR", "Título"),
    )
    assert resolve(["pt-BR"], "en", texts) == LocalizedText("pt-BR", "Título", "Sinopse", "Tagline")


def test_nothing_is_shown_when_no_language_has_a_title() -> None:
    assert resolve(["pt"], "en", (LocalizedText("pt", overview="Sinopse"),)) is None
    assert resolve(["pt"], "en", ()) is None


@given(st.lists(languages, max_size=4), languages, localizations)
def test_the_untold_text_and_the_texts_in_the_asked_languages_are_enough(
    asked: list[str], original: str, texts: tuple[LocalizedText, ...]
) -> None:
    """The database hands out no more than these."""
    primary = primary_languages(asked)
    narrowed = [text for text in texts if text.language_code.lower().partition("-")[0] in primary]
    assert shown(asked, narrowed, untold(original, texts)) == resolve(asked, original, texts)


@given(st.lists(languages, max_size=4), languages, localizations)
def test_whoever_asks_is_shown_a_title_if_there_is_one_at_all(asked: list[str], original: str, texts: tuple[LocalizedText, ...]) -> None:
    text = resolve(asked, original, texts)
    assert (text is None) == (not any(each.title for each in texts))
    if text is not None:
        assert any(each.title == text.title and each.language_code == text.language_code for each in texts)
        assert bool(text.overview) == any(each.overview for each in texts)


@given(st.lists(languages, min_size=1, max_size=4), languages, localizations)
def test_the_case_of_tags_does_not_matter(asked: list[str], original: str, texts: tuple[LocalizedText, ...]) -> None:
    lower = resolve([tag.lower() for tag in asked], original.lower(), texts)
    assert resolve([tag.upper() for tag in asked], original.upper(), texts) == lower


@given(languages, st.lists(languages, max_size=3), languages, localizations)
def test_the_exact_language_wins(first: str, others: list[str], original: str, texts: tuple[LocalizedText, ...]) -> None:
    exact = [text for text in texts if text.language_code.lower() == first.lower() and text.title]
    if exact:
        text = resolve([first, *others], original, texts)
        assert text is not None
        assert text.title == exact[0].title
