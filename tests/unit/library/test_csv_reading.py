"""Any lines at all are rows or are rejected; none is lost, and none takes others with it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_service.domain.csv_reading import ListReader, Rejected, Row
from library_service.domain.csv_writing import Format, ListedMovie, ListWriter
from library_service.domain.errors import NoMovieColumn
from library_service.domain.movies import KnownMovie

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def read(*lines: str) -> list[Row | Rejected]:
    reader = ListReader(NOW)
    found = [each for line in lines for each in reader.feed(line)]
    return [*found, *reader.finish()]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=30))
def test_any_lines_behind_a_header_are_read_or_rejected(lines: list[str]) -> None:
    found = read("Title", *lines)
    assert len({each.line for each in found}) == len(found)
    assert all(2 <= each.line <= len(lines) + 1 for each in found)


def test_a_quote_that_nobody_closes_costs_its_own_row_only() -> None:
    found = read("Title,Year", 'Bad"row,2000', *(f"Film {number},2000" for number in range(500)))
    (rejected,) = [each for each in found if isinstance(each, Rejected)]
    assert rejected.line == 2
    assert sum(isinstance(each, Row) for each in found) == 500


def test_the_first_of_several_times_that_a_row_fills_is_read() -> None:
    first, second = read("Name,Watched Date,Date", "A,2024-01-02,2024-01-01", "B,,2024-01-01T10:00:00+02:00")
    assert isinstance(first, Row)
    assert isinstance(second, Row)
    assert first.time == datetime(2024, 1, 2, tzinfo=UTC)
    assert second.time == datetime(2024, 1, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize("header", ["", "When", "Year,Date", '"Title'])
def test_without_a_column_for_the_movie_a_file_is_refused(header: str) -> None:
    with pytest.raises(NoMovieColumn):
        read(header)


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(str.strip),
    st.sampled_from(Format),
    st.booleans(),
)
def test_what_is_written_can_be_read(title: str, form: Format, watched: bool) -> None:
    writer = ListWriter(form, watched=watched)
    (row,) = read(writer.header, writer.line(ListedMovie(KnownMovie("tt0114709", title, 1995), NOW)))
    assert isinstance(row, Row)
    assert (row.movie, row.title, row.year, row.time) == ("tt0114709", " ".join(title.split()), 1995, NOW)
