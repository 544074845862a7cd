"""The rules that a document keeps beyond the limits of each field."""

from metadata_service.domain.documents import Document
from metadata_service.domain.errors import InvalidDocument, Problem

# The longest film there is runs for 51,420 minutes.
MAX_RUNTIME_SECONDS = 36_000_000
# The whole document travels in one event, which may have 512 KiB.
MAX_DOCUMENT_BYTES = 500 * 1024
_PER_TEXT, _PER_PART = 8, 16


def check(document: Document) -> None:
    """InvalidDocument with every rule that is broken."""
    problems: list[Problem] = []
    languages = [text.language_code.lower() for text in document.localizations]
    if len(set(languages)) != len(languages):
        twice = sorted({language for language in languages if languages.count(language) > 1})
        problems.append(Problem("localizations", f"has two texts in one language: {', '.join(twice[:5])}"))
    if document.runtime is not None and not 1 <= document.runtime <= MAX_RUNTIME_SECONDS:
        problems.append(Problem("runtime", f"must be from 1 to {MAX_RUNTIME_SECONDS:,} seconds"))
    if not all(document.keywords):
        problems.append(Problem("keywords", "must not be blank"))
    for provider, external_id in document.external_ids:
        if not 1 <= len(provider) <= 100 or not 1 <= len(external_id) <= 100 or "\0" in provider + external_id:
            problems.append(Problem("external_ids", "provider and id must have 1 to 100 characters, and none of them NUL"))
            break
    size = weight(document)
    if size > MAX_DOCUMENT_BYTES:
        problems.append(Problem("", f"the document has {size:,} bytes, at most {MAX_DOCUMENT_BYTES:,} are allowed"))
    if problems:
        raise InvalidDocument(problems)


def keyword(text: str) -> str:
    """As keywords are kept: lower case, single spaces."""
    return " ".join(text.lower().split())


def weight(document: Document) -> int:
    """Bytes of the document as it travels, never too few."""
    texts: list[str] = [document.original_language, *document.genres, *document.keywords, *document.countries, *document.spoken_languages]
    for provider, external_id in document.external_ids:
        texts += (provider, external_id)
    for member in document.cast:
        texts += (member.person, member.display_name, member.character)
    for maker in document.crew:
        texts += (maker.person, maker.display_name, maker.department, maker.job)
    for image in document.images:
        texts += (image.uri, image.language_code)
    for text in document.localizations:
        texts += (text.language_code, text.title, text.overview, text.tagline)
    parts = len(document.external_ids) + len(document.images) + len(document.localizations)
    return len("".join(texts).encode()) + _PER_TEXT * len(texts) + _PER_PART * (parts + len(document.cast) + len(document.crew) + 16)
