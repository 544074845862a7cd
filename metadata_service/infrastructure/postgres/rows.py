"""Documents as rows, and back: every field by name."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from metadata_service.domain.documents import CastMember, CrewMember, Document, Image, ImageKind, LocalizedText
from metadata_service.domain.languages import untold

Json = Mapping[str, Any]
_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class DocumentRow(NamedTuple):
    """The three columns of a document, as JSON text."""

    card: str
    details: str
    localizations: str


def to_row(document: Document) -> DocumentRow:
    fallback = untold(document.original_language, document.localizations)
    card = {
        "original_language": document.original_language,
        "genres": document.genres,
        "runtime": document.runtime,
        "countries": document.countries,
        "spoken_languages": document.spoken_languages,
        "images": [
            {"kind": image.kind.value, "uri": image.uri, "width": image.width, "height": image.height, "language_code": image.language_code}
            for image in document.images
        ],
        "external_ids": dict(document.external_ids),
        "untold": _text_json(fallback) if fallback else None,
    }
    details = {
        "keywords": document.keywords,
        "cast": [{"person": member.person, "display_name": member.display_name, "character": member.character} for member in document.cast],
        "crew": [
            {"person": maker.person, "display_name": maker.display_name, "department": maker.department, "job": maker.job}
            for maker in document.crew
        ],
    }
    return DocumentRow(_write(card), _write(details), _write([_text_json(text) for text in document.localizations]))


def to_document(card: Json, details: Json, localizations: Sequence[Json]) -> Document:
    return Document(
        original_language=card["original_language"],
        genres=tuple(card["genres"]),
        keywords=tuple(details["keywords"]),
        cast=tuple(CastMember(member["person"], member["display_name"], member["character"]) for member in details["cast"]),
        crew=tuple(CrewMember(maker["person"], maker["display_name"], maker["department"], maker["job"]) for maker in details["crew"]),
        runtime=card["runtime"],
        countries=tuple(card["countries"]),
        spoken_languages=tuple(card["spoken_languages"]),
        images=tuple(
            Image(ImageKind(image["kind"]), image["uri"], image["width"], image["height"], image["language_code"])
            for image in card["images"]
        ),
        external_ids=tuple(sorted(card["external_ids"].items())),
        localizations=to_texts(localizations),
    )


NO_DETAILS: Json = {"keywords": (), "cast": (), "crew": ()}


def to_texts(localizations: Sequence[Json] | None) -> tuple[LocalizedText, ...]:
    return tuple(to_text(text) for text in localizations or ())


def to_text(text: Json) -> LocalizedText:
    return LocalizedText(text["language_code"], text["title"], text["overview"], text["tagline"])


def _text_json(text: LocalizedText) -> Json:
    return {"language_code": text.language_code, "title": text.title, "overview": text.overview, "tagline": text.tagline}
