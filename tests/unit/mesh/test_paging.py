"""Page tokens: exact, bound to their request, refused when touched."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.errors import InvalidArgument
from mesh.paging import decode, encode, page_size
from reelmesh.movie.v1.movie_service_pb2 import ListMoviesRequest, SearchMoviesRequest

NUMBER = (int, float)
texts = st.text(st.characters(codec="utf-8"), max_size=80)


@given(texts, st.integers(-(1 << 53), 1 << 53), st.floats(allow_nan=False, allow_infinity=False))
def test_a_token_brings_back_its_values(text: str, whole: int, real: float) -> None:
    request = ListMoviesRequest(order_by="title")
    again = ListMoviesRequest(order_by="title", page_size=7, page_token=encode([text, whole, real], request))
    assert decode(again, [str, int, float]) == (text, whole, real)


def test_the_first_page_has_no_token() -> None:
    assert decode(ListMoviesRequest(), [str]) is None


@pytest.mark.parametrize(
    "other",
    [ListMoviesRequest(order_by="title desc"), ListMoviesRequest(order_by="title", show_deleted=True), SearchMoviesRequest(query="title")],
)
def test_a_token_of_another_request_is_refused(other: ListMoviesRequest | SearchMoviesRequest) -> None:
    other.page_token = encode(["a"], ListMoviesRequest(order_by="title"))
    with pytest.raises(InvalidArgument):
        decode(other, [str])


@given(st.data())
def test_a_touched_token_is_refused(data: st.DataObject) -> None:
    token = encode(["title", 7], ListMoviesRequest())
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    position = data.draw(st.integers(0, len(raw) - 1))
    raw[position] ^= data.draw(st.integers(1, 255))
    request = ListMoviesRequest(page_token=base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("="))
    with pytest.raises(InvalidArgument):
        decode(request, [str, int])


@given(texts)
def test_any_text_is_a_token_or_refused(text: str) -> None:
    if text:
        with pytest.raises(InvalidArgument):
            decode(ListMoviesRequest(page_token=text), [str])


def test_values_of_other_types_are_refused() -> None:
    request = ListMoviesRequest(page_token=encode(["a", 1], ListMoviesRequest()))
    for types in ([str], [int, int], [str, str]):
        with pytest.raises(InvalidArgument):
            decode(request, types)


@pytest.mark.parametrize(("asked", "given_"), [(0, 50), (1, 1), (1000, 1000), (1001, 1000), (1 << 31, 1000)])
def test_page_sizes_are_bounded(asked: int, given_: int) -> None:
    assert page_size(asked) == given_


def test_a_negative_page_size_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        page_size(-1)
