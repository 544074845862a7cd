"""Lines as rows, and what is said about those that are none."""

import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movielens import rows
from movielens.errors import BadRow
from movielens.lines import LONGEST, read_lines
from movielens.rows import LinkRow, MovieRow, RatingRow, TagRow


def test_every_way_of_writing_a_rating_is_read_alike() -> None:
    meant = RatingRow(1, 31, 4.0, 1260759144)

    assert rows.csv_rating("1,31,4.0,1260759144") == rows.csv_rating("1,31,4,1260759144") == rows.csv_rating('"1","31","4.0","1260759144"')
    assert rows.colons_rating("1::31::4::1260759144") == rows.tabs_rating("1\t31\t4\t1260759144") == rows.csv_rating("1,31,4.00,1260759144")
    assert rows.csv_rating("1,31,4.0,1260759144") == meant


def test_a_quoted_field_keeps_its_commas_and_quotation_marks() -> None:
    assert rows.csv_movie('11,"American President, The (1995)",Comedy|Drama') == MovieRow(
        11, "American President, The (1995)", ("Comedy", "Drama")
    )
    assert rows.csv_tag('1,2,"a ""quoted"" word",3') == TagRow(2, 'a "quoted" word')


def test_a_text_between_double_colons_may_contain_them() -> None:
    assert rows.colons_movie("7::Ratio 2::1 (1995)::Drama") == MovieRow(7, "Ratio 2::1 (1995)", ("Drama",))
    assert rows.colons_tag("1::2::so::so::3") == TagRow(2, "so::so")


def test_links_may_be_absent() -> None:
    assert rows.csv_link("791,0113610,") == LinkRow(791, 113610, 0)
    assert rows.csv_link("791,,") == LinkRow(791, 0, 0)


@pytest.mark.parametrize(
    ("parse", "line", "reason"),
    [
        (rows.csv_rating, "1,2,3.0", "has 3 columns instead of 4"),
        (rows.csv_rating, "1", "has 1 column instead of 4"),
        (rows.csv_rating, "1,2,3.7,4", "the rating '3.7' is not one of 0.5, 1.0, … 5.0"),
        (rows.csv_rating, "1,2,0,4", "the rating '0' is not one of 0.5, 1.0, … 5.0"),
        (rows.csv_rating, "1,2,nan,4", "the rating 'nan' is not one of 0.5, 1.0, … 5.0"),
        (rows.csv_rating, "1,2,inf,4", "the rating 'inf' is not one of 0.5, 1.0, … 5.0"),
        (rows.csv_rating, "1,2,good,4", "the rating 'good' is not a number"),
        (rows.csv_rating, "one,2,3.0,4", "the user id 'one' is not a positive whole number"),
        (rows.csv_rating, "1,-2,3.0,4", "the movie id '-2' is not a positive whole number"),
        (rows.csv_rating, "1,0,3.0,4", "the movie id '0' is not a positive whole number"),
        (rows.csv_rating, "1,١,3.0,4", "the movie id '١' is not a positive whole number"),
        (rows.csv_rating, "1,2,3.0,2009-01-01", "the timestamp '2009-01-01' is not seconds since 1970"),
        (rows.csv_rating, "1,2,3.0,999999999999999", "the timestamp '999999999999999' is not seconds since 1970"),
        (rows.csv_movie, "1,  ,Drama", "there is no title"),
        (rows.csv_movie, '1,"Toy Story,Drama', "the quotation marks do not fit (unexpected end of data)"),
        (rows.csv_tag, "1,2, ,3", "the tag is blank"),
        (rows.csv_link, "1,tt0114709,862", "the imdbId 'tt0114709' is not a positive whole number"),
        (rows.colons_movie, "1::Toy Story (1995)", "has 2 columns instead of 3"),
        (rows.bars_movie, "1|Toy Story", "has 2 columns instead of 24"),
        (rows.bars_movie, f"1|Toy Story|1995|||{'|'.join('0' * 19)}", "the release date '1995' is not like 01-Jan-1995"),
        (rows.bars_movie, f"1|Toy Story||||{'|'.join('2' * 19)}", "a genre flag is neither 0 nor 1"),
    ],
)
def test_a_line_that_is_no_row_is_refused_with_its_reason(parse: Callable[[str], object], line: str, reason: str) -> None:
    with pytest.raises(BadRow) as refused:
        parse(line)

    assert str(refused.value) == reason


@given(st.text(max_size=60))
def test_no_text_at_all_brings_a_parser_down(text: str) -> None:
    for parse in (rows.csv_movie, rows.csv_rating, rows.csv_tag, rows.csv_link, rows.colons_movie, rows.bars_movie, rows.tabs_rating):
        reason = "taken"
        try:
            parse(text)
        except BadRow as refused:
            reason = str(refused)
        assert reason.isprintable()


@given(st.lists(st.binary(max_size=40).filter(lambda raw: b"\n" not in raw), max_size=8), st.data())
def test_reading_from_the_end_of_any_line_gives_the_lines_after_it(raws: list[bytes], data: st.DataObject) -> None:
    content = b"\n".join(raws)
    whole = list(read_lines(io.BytesIO(content), latin=True))
    if whole:
        split = data.draw(st.integers(0, len(whole) - 1))
        rest = list(read_lines(io.BytesIO(content), whole[split].end, whole[split].number, latin=True))

        assert rest == whole[split + 1 :]
        assert whole[-1].end <= len(content)


def test_a_huge_line_costs_only_itself() -> None:
    lines = list(read_lines(io.BytesIO(b"a\n" + b"x" * (5 * LONGEST) + b"\nb\n")))

    assert [(line.number, line.text, line.problem) for line in lines] == [
        (1, "a", ""),
        (2, "", "the line is longer than 65,536 bytes"),
        (3, "b", ""),
    ]
    assert lines[-1].end == 5 * LONGEST + 5


def test_nul_bytes_and_broken_letters_cost_only_their_line() -> None:
    lines = list(read_lines(io.BytesIO(b"\xef\xbb\xbffirst\r\n\0\n\nMis\xe9rables\n")))

    assert [(line.number, line.text, line.problem) for line in lines] == [
        (1, "first", ""),
        (2, "", "the line contains NUL bytes"),
        (4, "", "byte 4 of the line is not UTF-8"),
    ]


def test_the_old_data_sets_are_read_in_either_encoding() -> None:
    content = "Misérables\n".encode("latin-1") + "Misérables\n".encode()

    assert [line.text for line in read_lines(io.BytesIO(content), latin=True)] == ["Misérables", "Misérables"]
