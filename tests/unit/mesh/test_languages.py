"""Accept-Language."""

import pytest

from mesh.languages import accepted_languages


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("pt-BR", ("pt-BR",)),
        ("de;q=0.5, fr, en;q=0.8", ("fr", "en", "de")),
        ("de, fr", ("de", "fr")),
        ("*, en;q=0", ()),
        ("zh-Hans-CN;q=0.9,*;q=0.1", ("zh-Hans-CN",)),
        ("en;q=high, de", ("de",)),
        ("';DROP TABLE movies, de", ("de",)),
        ("", ()),
        ("x" * 10_000, ()),
    ],
)
def test_tags_come_best_first_and_nonsense_not_at_all(header: str, tags: tuple[str, ...]) -> None:
    assert accepted_languages(header) == tags
