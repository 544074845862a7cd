"""No field is lost between message, document and row."""

import json
from datetime import UTC, datetime

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given
from hypothesis import strategies as st

from mesh.postgres.outbox import MAX_EVENT_BYTES
from metadata_service.domain import rules
from metadata_service.domain.documents import FIELDS, Document, MovieMetadata
from metadata_service.domain.events import MovieMetadataChanged
from metadata_service.domain.languages import untold
from metadata_service.infrastructure.events.encode import encode
from metadata_service.infrastructure.grpc import translate
from metadata_service.infrastructure.postgres import rows
from reelmesh.metadata.v1.events_pb2 import MovieMetadataChanged as ChangedMessage
from reelmesh.metadata.v1.metadata_pb2 import MovieMetadata as Metadata
from tests.unit.metadata.strategies import documents

NOW = datetime(2026, 5, 4, 3, 2, 1, 123456, UTC)


def stored(document: Document) -> MovieMetadata:
    return MovieMetadata("tt0114709", document, 7, NOW, NOW)


def back_from_row(document: Document) -> Document:
    row = rows.to_row(document)
    return rows.to_document(json.loads(row.card), json.loads(row.details), json.loads(row.localizations))


@given(documents)
def test_a_document_comes_back_from_its_message_and_from_its_row(document: Document) -> None:
    message = Metadata.FromString(translate.to_message(stored(document)).SerializeToString())
    assert translate.to_document(message) == document
    assert back_from_row(document) == document
    card = json.loads(rows.to_row(document).card)
    assert (rows.to_text(card["untold"]) if card["untold"] else None) == untold(document.original_language, document.localizations)


def filled(descriptor: Descriptor, number: int = 1) -> Message:
    """A message of this type in which every field says something of its own."""
    message = GetMessageClass(descriptor)()
    for field in descriptor.fields:
        number += 1
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            getattr(message, field.name)[f"key{number}"] = f"value{number}"
        elif field.message_type is not None and field.message_type.full_name == "google.protobuf.Duration":
            getattr(message, field.name).CopyFrom(Duration(seconds=number))
        elif field.message_type is not None and field.is_repeated:
            getattr(message, field.name).append(filled(field.message_type, number * 10))
        elif field.message_type is not None:
            getattr(message, field.name).SetInParent()
        elif field.is_repeated:
            getattr(message, field.name).extend([f"b{number}", f"a{number}"])
        elif field.type in (FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_ENUM):
            setattr(message, field.name, 2 if field.enum_type else number)
        else:
            setattr(message, field.name, f"people/p{number}" if field.name == "person" else f"text{number}")
    return message


def without_outputs(message: Metadata) -> Metadata:
    message.ClearField("create_time")
    message.ClearField("update_time")
    message.ClearField("etag")
    return message


def test_every_field_of_the_contract_survives_message_document_row_document_message() -> None:
    message = filled(Metadata.DESCRIPTOR)
    assert isinstance(message, Metadata)
    message.ClearField("resolved")
    without_outputs(message)
    message.name = "movies/tt0114709/metadata"
    assert translate.populated(message) == FIELDS
    document = back_from_row(translate.to_document(message))
    again = translate.to_message(stored(document))
    assert again.etag == "r7"
    assert again.create_time.ToDatetime(UTC) == again.update_time.ToDatetime(UTC) == NOW
    assert without_outputs(again) == message


def test_keywords_are_kept_in_lower_case_with_single_spaces_and_once() -> None:
    document = translate.to_document(Metadata(keywords=["Time  Travel", "time travel", " Noir ", "noir"]))
    assert document.keywords == ("time travel", "noir")


@given(documents)
def test_the_event_carries_the_document_and_is_never_larger_than_its_weight(document: Document) -> None:
    message = encode(MovieMetadataChanged(stored(document)))
    assert (message.type_name, message.key) == ("reelmesh.metadata.v1.MovieMetadataChanged", "movies/tt0114709")
    assert translate.to_document(ChangedMessage.FromString(message.payload).metadata) == document
    assert len(message.payload) <= rules.weight(document) < MAX_EVENT_BYTES


@given(st.integers(1, 40))
def test_a_document_that_keeps_the_rules_fits_into_an_event(keywords: int) -> None:
    heavy = Document(keywords=tuple(f"{index}{'é' * 6_200}" for index in range(keywords)))
    if rules.weight(heavy) <= rules.MAX_DOCUMENT_BYTES:
        assert len(encode(MovieMetadataChanged(stored(heavy))).payload) <= MAX_EVENT_BYTES
    else:
        assert keywords > 30
