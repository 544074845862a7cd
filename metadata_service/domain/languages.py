"""Which of a document's texts a reader is shown: the fallback chain of languages."""

from collections.abc import Iterable, Iterator, Sequence

from metadata_service.domain.documents import LocalizedText

# More than a browser sends; bounds the work that a header can cause.
MAX_LANGUAGES = 10

# Where the region alone decides how Chinese is written (likely subtags of Unicode CLDR).
_LIKELY_SCRIPTS = {"zh-cn": "hans", "zh-sg": "hans", "zh-my": "hans", "zh-tw": "hant", "zh-hk": "hant", "zh-mo": "hant"}


def resolve(languages: Sequence[str], original_language: str, texts: Sequence[LocalizedText]) -> LocalizedText | None:
    """The texts to show to somebody who reads `languages`, best first; None when there is no title in any language.

    Each of title, overview and tagline is the first that there is in this order; the language is that of the title. Tags are compared
    without regard to case.

    1. For each asked language in turn: the tag itself, then the tag shortened subtag by subtag (RFC 4647 §3.4: pt-BR → pt,
       zh-Hans-CN → zh-Hans → zh), then other variants of the language that are written in the same script (pt-PT for pt-BR),
       as they are stored. zh-TW counts as zh-Hant-TW, zh-CN as zh-Hans-CN.
    2. Variants in another script (zh-Hans for zh-TW): better than a foreign language, worse than the next language asked for.
    3. The original language, in the way of 1 and 2.
    4. Any other language, as they are stored.
    """
    return shown(languages, texts, untold(original_language, texts))


def untold(original_language: str, texts: Sequence[LocalizedText]) -> LocalizedText | None:
    """What is shown when nothing is there in a language that was asked for: steps 3 and 4."""
    return _composed([*_ranked((original_language,) if original_language else (), texts), *texts])


def shown(languages: Sequence[str], texts: Sequence[LocalizedText], otherwise: LocalizedText | None) -> LocalizedText | None:
    """`resolve` for somebody who knows `untold` and, of the texts, at least those in `primary_languages(languages)`."""
    asked = _ranked(languages[:MAX_LANGUAGES], texts)
    return _composed([*asked, otherwise] if otherwise else asked)


def primary_languages(languages: Iterable[str]) -> list[str]:
    """`pt` of pt-BR, in lower case: no text in another language takes part in steps 1 and 2."""
    return list(dict.fromkeys(language.lower().partition("-")[0] for language in list(languages)[:MAX_LANGUAGES]))


def _composed(candidates: Sequence[LocalizedText]) -> LocalizedText | None:
    titled = next((text for text in candidates if text.title), None)
    if titled is None:
        return None
    overview = next((text.overview for text in candidates if text.overview), "")
    tagline = next((text.tagline for text in candidates if text.tagline), "")
    return LocalizedText(titled.language_code, titled.title, overview, tagline)


def _ranked(languages: Sequence[str], texts: Sequence[LocalizedText]) -> list[LocalizedText]:
    """Steps 1 and 2: the texts in one of `languages`, best first, each once."""
    if not languages or not texts:
        return []
    by_tag = {text.language_code.lower(): text for text in texts}
    best: dict[str, LocalizedText] = {}
    other_scripts: dict[str, LocalizedText] = {}
    for language in languages:
        wanted = language.lower()
        for tag in _shortened(wanted):
            if tag in by_tag:
                best.setdefault(tag, by_tag[tag])
        primary, script = wanted.partition("-")[0], _script(wanted)
        for tag, text in by_tag.items():
            if tag.partition("-")[0] == primary:
                readable = not script or _script(tag) in ("", script)
                (best if readable else other_scripts).setdefault(tag, text)
    return list({**best, **{tag: text for tag, text in other_scripts.items() if tag not in best}}.values())


def _shortened(tag: str) -> Iterator[str]:
    yield tag
    likely = _LIKELY_SCRIPTS.get(tag)
    if likely:
        primary, _, region = tag.partition("-")
        tag = f"{primary}-{likely}-{region}"
        yield tag
    while "-" in tag:
        tag = tag.rpartition("-")[0]
        if len(tag.rpartition("-")[2]) == 1 and "-" in tag:  # a singleton begins an extension and means nothing alone
            tag = tag.rpartition("-")[0]
        yield tag


def _script(tag: str) -> str:
    """The script subtag, four letters, or the one that the region implies; empty when unknown."""
    for subtag in tag.split("-")[1:]:
        if len(subtag) == 1:
            break
        if len(subtag) == 4 and subtag.isalpha():
            return subtag
    return _LIKELY_SCRIPTS.get(tag, "")
