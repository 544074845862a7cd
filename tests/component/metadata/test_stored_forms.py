"""What PostgreSQL makes of documents: nothing is lost in JSONB, and cards need no more texts than it hands out."""

import json
import random
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import given, settings

from metadata_service.domain.documents import Document
from metadata_service.infrastructure.postgres.rows import to_document, to_row
from reelmesh.metadata.v1 import metadata_service_pb2 as pb
from reelmesh.metadata.v1.metadata_pb2 import METADATA_VIEW_BASIC, METADATA_VIEW_FULL, LocalizedText, MovieMetadata
from stack.servers.postgres import PostgresServer
from tests.component.metadata.catalogue import Catalogue, document
from tests.unit.metadata.strategies import documents

TAGS = ["en", "en-GB", "PT-br", "pt", "pt-PT", "zh-Hans", "zh-TW", "sr-Latn", "sr-Cyrl", "ja", "IT"]


@pytest.fixture(scope="module")
def connection(postgres: PostgresServer) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres.create_database("metadata_jsonb"), autocommit=True) as opened:
        yield opened


@settings(deadline=None)
@given(document=documents)
def test_a_document_comes_back_from_jsonb(connection: psycopg.Connection, document: Document) -> None:
    row = connection.execute("SELECT %s::jsonb, %s::jsonb, %s::jsonb", to_row(document)).fetchone()
    assert row is not None
    assert to_document(*row) == document
    assert json.loads(to_row(to_document(*row)).card) == row[0]


def told_in_some_languages(movie: str, dice: random.Random) -> MovieMetadata:
    texts = [
        LocalizedText(
            language_code=tag,
            title=f"title {tag}" if dice.random() < 0.6 else "",
            overview=f"overview {tag}" if dice.random() < 0.5 else "",
            tagline=f"tagline {tag}" if dice.random() < 0.3 else "",
        )
        for tag in dice.sample(TAGS, dice.randint(0, 5))
    ]
    return document(movie, original_language=dice.choice(TAGS), localizations=texts)


@pytest.mark.asyncio(loop_scope="session")
async def test_cards_show_the_texts_that_whole_documents_show(service: Catalogue) -> None:
    dice = random.Random(11)
    messages = [told_in_some_languages(f"shown-{number}", dice) for number in range(200)]
    assert (await service.take(messages)).created_count == 200
    names = [message.name for message in messages]
    for languages in ("", "pt-BR", "PT", "en-US, ja", "zh-CN, sr-Cyrl-RS;q=0.5", "it-CH", "de", "sr-Latn, zh-HK"):
        shown = []
        for view in (METADATA_VIEW_FULL, METADATA_VIEW_BASIC):
            request = pb.BatchGetMovieMetadataRequest(names=names, view=view)
            answer = await service.stub.BatchGetMovieMetadata(request, metadata=(("accept-language", languages),) if languages else ())
            shown.append([each.resolved for each in answer.metadata])
        assert shown[0] == shown[1]
        assert len({text.title for text in shown[0]}) > 3
