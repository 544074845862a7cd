"""The migrations make exactly the schema that the tables describe, and SQL and Python mean the same by interest and taste."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from mesh.postgres.migrations import migrate
from recommender_service.__main__ import MIGRATIONS
from recommender_service.domain.experiments import is_outcome
from recommender_service.domain.interactions import LIKED, Kind, interest_of, weight_of
from recommender_service.infrastructure.postgres.exposures import OUTCOME
from recommender_service.infrastructure.postgres.interest import INTEREST, LIKES, TELLS_OF_TASTE, faded, faded_sql
from recommender_service.infrastructure.postgres.tables import metadata
from tests.schemas import described, engine_of

KINDS = [(int(kind), value) for kind in Kind for value in (0, 1, 7, 8, 10, 69, 70, 100)]


def test_the_migrated_schema_is_that_of_the_tables(empty_database_url: str) -> None:
    migrate(empty_database_url, MIGRATIONS)
    engine = engine_of(empty_database_url)
    with engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        migrated = described(connection)
        metadata.drop_all(connection)
        metadata.create_all(connection)
        assert described(connection) == migrated
        assert len(migrated) > 60
    engine.dispose()


@pytest.fixture
def connection(empty_database_url: str) -> Iterator[sa.Connection]:
    engine = engine_of(empty_database_url)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def test_interest_and_taste_are_the_same_in_sql(connection: sa.Connection) -> None:
    values = ", ".join(f"({kind}, {value})" for kind, value in KINDS)
    rows = connection.execute(
        sa.text(f"SELECT kind, value, {INTEREST}, {TELLS_OF_TASTE}, {LIKES} FROM (VALUES {values}) AS t (kind, value)")
    )
    for kind, value, interest, tells, likes in rows:
        assert interest == pytest.approx(interest_of(kind, value)), (kind, value)
        assert likes == (weight_of(kind, value) == LIKED), (kind, value)
        assert tells == (weight_of(kind, value) is not None or kind in (Kind.UNRATING,)), (kind, value)


def test_what_answers_to_a_list_is_the_same_in_sql(connection: sa.Connection) -> None:
    values = ", ".join(f"({kind}, {value})" for kind, value in KINDS)
    rows = connection.execute(sa.text(f"SELECT kind, value, {OUTCOME} FROM (VALUES {values}) AS t (kind, value)"))
    assert {(kind, value): answers for kind, value, answers in rows} == {each: is_outcome(*each) for each in KINDS}


@pytest.mark.parametrize("seconds", [0, -86_400, -1e9, 86_400])
def test_interest_fades_the_same_in_sql_and_never_to_an_error(connection: sa.Connection, seconds: float) -> None:
    sql = faded_sql(86_400.0).replace("%(since)s", "to_timestamp(0)")
    given = f"(VALUES ({Kind.LIKE:d}, 0, to_timestamp({seconds}))) AS t (kind, value, event_time)"
    found = connection.execute(sa.text(f"SELECT {sql} FROM {given}")).scalar()
    assert found == pytest.approx(faded(seconds, 86_400.0))
