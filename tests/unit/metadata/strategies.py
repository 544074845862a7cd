"""Documents as hypothesis makes them up."""

from typing import TypeVar

from hypothesis import strategies as st

from metadata_service.domain.documents import CastMember, CrewMember, Document, Image, ImageKind, LocalizedText

T = TypeVar("T")

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
said = text.filter(bool)
ids = st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}", fullmatch=True)
languages = st.sampled_from(
    [
        "pt",
        "pt-BR",
        "pt-PT",
        "PT-br",
        "en",
        "en-US",
        "EN-gb",
        "zh",
        "zh-Hans",
        "zh-Hant",
        "zh-TW",
        "zh-cn",
        "zh-Hant-HK",
        "sr-Latn",
        "sr-Cyrl-RS",
    ]
)
sizes = st.integers(0, 100_000)


def tuples_of(items: st.SearchStrategy[T]) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(items, max_size=4).map(tuple)


localizations = st.lists(
    st.builds(LocalizedText, languages, text, text, text), max_size=6, unique_by=lambda told: told.language_code.lower()
).map(tuple)
documents = st.builds(
    Document,
    original_language=st.one_of(st.just(""), languages),
    genres=st.lists(ids, max_size=4, unique=True).map(tuple),
    keywords=st.lists(st.from_regex(r"[a-zé0-9]{1,9}( [a-z]{1,5})?", fullmatch=True), max_size=4, unique=True).map(tuple),
    cast=tuples_of(st.builds(CastMember, ids, said, text)),
    crew=tuples_of(st.builds(CrewMember, ids, said, text, said)),
    runtime=st.one_of(st.none(), st.integers(1, 36_000_000)),
    countries=st.lists(st.from_regex("[A-Z]{2}", fullmatch=True), max_size=3, unique=True).map(tuple),
    spoken_languages=st.lists(languages, max_size=3, unique=True).map(tuple),
    images=tuples_of(st.builds(Image, st.sampled_from(ImageKind), said, sizes, sizes, st.one_of(st.just(""), languages))),
    external_ids=st.dictionaries(said, said, max_size=3).map(lambda ids_: tuple(sorted(ids_.items()))),
    localizations=localizations,
)
