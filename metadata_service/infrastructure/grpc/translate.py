"""Documents as messages of the contract, and back: every field by name."""

from datetime import datetime

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from metadata_service.domain import rules
from metadata_service.domain.documents import (
    FIELDS,
    CastMember,
    CrewMember,
    Document,
    Image,
    ImageKind,
    LocalizedMetadata,
    LocalizedText,
    MovieMetadata,
)
from metadata_service.domain.genres import Genre
from metadata_service.domain.people import Person, PersonMovie
from reelmesh.metadata.v1 import metadata_pb2

_KINDS = {
    metadata_pb2.Image.KIND_POSTER: ImageKind.POSTER,
    metadata_pb2.Image.KIND_BACKDROP: ImageKind.BACKDROP,
    metadata_pb2.Image.KIND_LOGO: ImageKind.LOGO,
    metadata_pb2.Image.KIND_STILL: ImageKind.STILL,
}
_KIND_NUMBERS = {kind: number for number, kind in _KINDS.items()}


def movie_of(name: str) -> str:
    """`movies/tt0114709/metadata` → `tt0114709`."""
    return name.split("/")[1]


def metadata_name(movie: str) -> str:
    return f"movies/{movie}/metadata"


def populated(message: metadata_pb2.MovieMetadata) -> frozenset[str]:
    """The fields of the document that the message fills."""
    return FIELDS.intersection([field.name for field, _ in message.ListFields()])


def to_document(message: metadata_pb2.MovieMetadata) -> Document:
    """Of a valid message. Keywords in the form that they are kept in, each once."""
    return Document(
        original_language=message.original_language,
        genres=tuple(message.genres),
        keywords=tuple(dict.fromkeys(map(rules.keyword, message.keywords))),
        cast=tuple(CastMember(_id(member.person), member.display_name, member.character) for member in message.cast),
        crew=tuple(CrewMember(_id(maker.person), maker.display_name, maker.department, maker.job) for maker in message.crew),
        runtime=message.runtime.seconds if message.HasField("runtime") else None,
        countries=tuple(message.countries),
        spoken_languages=tuple(message.spoken_languages),
        images=tuple(Image(_KINDS[image.kind], image.uri, image.width, image.height, image.language_code) for image in message.images),
        external_ids=tuple(sorted(message.external_ids.items())),
        localizations=tuple(LocalizedText(text.language_code, text.title, text.overview, text.tagline) for text in message.localizations),
    )


def to_message(metadata: MovieMetadata) -> metadata_pb2.MovieMetadata:
    document = metadata.document
    return metadata_pb2.MovieMetadata(
        name=metadata_name(metadata.movie),
        original_language=document.original_language,
        genres=document.genres,
        keywords=document.keywords,
        cast=[
            metadata_pb2.CastMember(person=_person_name(member.person), display_name=member.display_name, character=member.character)
            for member in document.cast
        ],
        crew=[
            metadata_pb2.CrewMember(
                person=_person_name(maker.person), display_name=maker.display_name, department=maker.department, job=maker.job
            )
            for maker in document.crew
        ],
        runtime=None if document.runtime is None else Duration(seconds=document.runtime),
        countries=document.countries,
        spoken_languages=document.spoken_languages,
        images=[
            metadata_pb2.Image(
                kind=_KIND_NUMBERS[image.kind],
                uri=image.uri,
                width=image.width,
                height=image.height,
                language_code=image.language_code,
            )
            for image in document.images
        ],
        external_ids=dict(document.external_ids),
        localizations=[text_message(text) for text in document.localizations],
        create_time=_timestamp(metadata.create_time),
        update_time=_timestamp(metadata.update_time),
        etag=metadata.etag,
    )


def localized_message(localized: LocalizedMetadata) -> metadata_pb2.MovieMetadata:
    """The document with `resolved`."""
    message = to_message(localized.metadata)
    if localized.text is not None:
        message.resolved.CopyFrom(text_message(localized.text))
    return message


def text_message(text: LocalizedText) -> metadata_pb2.LocalizedText:
    return metadata_pb2.LocalizedText(language_code=text.language_code, title=text.title, overview=text.overview, tagline=text.tagline)


def genre_message(genre: Genre) -> metadata_pb2.Genre:
    return metadata_pb2.Genre(name=f"genres/{genre.id}", display_name=genre.display_name, movie_count=genre.movie_count)


def person_message(person: Person) -> metadata_pb2.Person:
    return metadata_pb2.Person(name=_person_name(person.id), display_name=person.display_name, movie_count=person.movie_count)


def person_movie_message(movie: PersonMovie) -> metadata_pb2.PersonMovie:
    title = movie.text.title if movie.text else ""
    return metadata_pb2.PersonMovie(movie=f"movies/{movie.movie}", title=title, characters=movie.characters, jobs=movie.jobs)


def _id(name: str) -> str:
    return name.partition("/")[2]


def _person_name(person: str) -> str:
    return f"people/{person}"


def _timestamp(time: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(time)
    return message
