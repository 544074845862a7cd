"""Changes through the edge: what a PATCH leaves alone, sets and clears; lost races; requests that are sent again."""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Headers

MOVIE = {
    "title": "Marmot Opera",
    "originalTitle": "Murmeltieroper",
    "releaseYear": 2001,
    "releaseDate": "2001-05-04",
    "runtime": "5400s",
    "originalLanguage": "de",
    "genres": ["music", "comedy"],
}


@pytest.fixture
def movie(http: httpx.Client, admin: Headers) -> Iterator[str]:
    """The path of a film of this test's own."""
    movie_id = f"change-{uuid.uuid4().hex[:10]}"
    created = http.post("/v1/movies", params={"movieId": movie_id}, json=MOVIE, headers=admin)
    assert created.status_code == 200, created.text
    yield f"/v1/movies/{movie_id}"
    http.delete(f"/v1/movies/{movie_id}", headers=admin)


def facts(movie: dict[str, Any]) -> dict[str, Any]:
    """Without what changes by itself."""
    return {key: value for key, value in movie.items() if key not in ("name", "state", "createTime", "updateTime", "etag")}


@pytest.mark.parametrize(
    ("mask", "body", "expected"),
    [
        # Without a mask: what is populated. A null is absent, and so is a default.
        (None, {"title": "Groundhog Opera"}, {"title": "Groundhog Opera"}),
        (None, {"title": "Groundhog Opera", "originalTitle": None}, {"title": "Groundhog Opera"}),
        (None, {"title": "Groundhog Opera", "originalTitle": "", "genres": []}, {"title": "Groundhog Opera"}),
        (None, {"runtime": None, "releaseYear": 2001}, {}),
        (None, {}, {}),
        # With a mask: what is named, also when that is nothing.
        ("originalTitle", {"originalTitle": ""}, {"originalTitle": ""}),
        ("originalTitle", {}, {"originalTitle": ""}),
        ("originalTitle", {"originalTitle": None}, {"originalTitle": ""}),
        ("originalTitle", {"title": "not named", "originalTitle": "Neu"}, {"originalTitle": "Neu"}),
        ("genres", {"genres": []}, {"genres": []}),
        ("genres", {"genres": ["drama"]}, {"genres": ["drama"]}),
        ("runtime", {"runtime": None}, {"runtime": ...}),
        ("runtime,genres", {"genres": ["drama"]}, {"runtime": ..., "genres": ["drama"]}),
        ("*", {"title": "Only", "releaseYear": 2001}, {"title": "Only", "releaseYear": 2001, "*": ...}),
    ],
)
def test_patch_changes_what_it_names_and_nothing_else(
    http: httpx.Client, admin: Headers, movie: str, mask: str | None, body: dict[str, Any], expected: dict[str, Any]
) -> None:
    answer = http.patch(movie, params={"updateMask": mask} if mask else {}, json=body, headers=admin)
    assert answer.status_code == 200, answer.text
    wanted: dict[str, Any] = {**MOVIE, **expected}
    if "*" in expected:
        wanted = {"title": "Only", "releaseYear": 2001, "originalTitle": "", "releaseDate": "", "originalLanguage": "", "genres": []}
    wanted = {key: value for key, value in wanted.items() if value is not ...}
    assert facts(answer.json()) == wanted
    assert http.get(movie).json() == answer.json()


@pytest.mark.parametrize(
    ("mask", "body", "field"),
    [
        ("noSuchField", {"title": "x"}, "update_mask"),
        ("title", {}, "movie.title"),
        ("title", {"title": "x" * 501}, "movie.title"),
        ("releaseYear", {"releaseYear": 1492}, "movie.release_year"),
    ],
)
def test_a_bad_patch_names_the_field_and_changes_nothing(
    http: httpx.Client, admin: Headers, movie: str, mask: str, body: dict[str, Any], field: str
) -> None:
    before = http.get(movie).json()
    answer = http.patch(movie, params={"updateMask": mask}, json=body, headers=admin)
    assert (answer.status_code, answer.json()["code"]) == (400, 3), answer.text
    bad = next(detail for detail in answer.json()["details"] if detail["@type"].endswith("BadRequest"))
    assert [violation["field"] for violation in bad["fieldViolations"]] == [field]
    assert http.get(movie).json() == before


def test_a_stale_etag_loses(http: httpx.Client, admin: Headers, movie: str) -> None:
    etag = http.get(movie).json()["etag"]
    won = http.patch(movie, json={"title": "First", "etag": etag}, headers=admin)
    assert won.status_code == 200
    assert won.json()["etag"] != etag
    lost = http.patch(movie, json={"title": "Second", "etag": etag}, headers=admin)
    assert (lost.status_code, lost.json()["code"]) == (409, 10)
    assert lost.json()["details"][0]["reason"] == "ETAG_MISMATCH"
    assert http.delete(movie, params={"etag": etag}, headers=admin).status_code == 409
    assert http.get(movie).json() == won.json()


def test_a_request_sent_again_has_one_effect_and_the_same_answer(http: httpx.Client, admin: Headers) -> None:
    request_id = str(uuid.uuid4())
    one, again = (http.post("/v1/movies", params={"requestId": request_id}, json=MOVIE, headers=admin) for _ in range(2))
    assert one.status_code == again.status_code == 200
    assert one.json() == again.json()
    other = http.post("/v1/movies", params={"requestId": request_id}, json={**MOVIE, "title": "Another"}, headers=admin)
    assert (other.status_code, other.json()["details"][0]["reason"]) == (400, "REQUEST_ID_REUSED")
    http.delete(f"/v1/{one.json()['name']}", headers=admin)


def test_a_taken_id_is_refused(http: httpx.Client, admin: Headers, movie: str) -> None:
    taken = http.post("/v1/movies", params={"movieId": movie.rpartition("/")[2]}, json=MOVIE, headers=admin)
    assert (taken.status_code, taken.json()["details"][0]["reason"]) == (409, "MOVIE_ALREADY_EXISTS")


def test_a_review_is_written_liked_hidden_and_removed(http: httpx.Client, admin: Headers, user: Headers, movie: str) -> None:
    written = http.post(f"{movie}/reviews", json={"languageCode": "en", "text": "They sing."}, headers=user)
    assert written.status_code == 200, written.text
    path = f"/v1/{written.json()['name']}"
    assert http.post(f"{path}:like", json={}, headers=admin).json()["likeCount"] == 1
    assert [review["text"] for review in http.get(f"{movie}/reviews").json()["reviews"]] == ["They sing."]
    hidden = http.post(f"{path}:moderate", json={"state": "STATE_HIDDEN", "comment": "checking"}, headers=admin)
    assert hidden.json()["state"] == "STATE_HIDDEN"
    assert http.get(path).status_code == 404
    assert http.get(path, headers=user).status_code == 200
    assert http.delete(path, headers=user).status_code == 200
    assert http.get(path, headers=user).status_code == 404
