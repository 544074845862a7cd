"""The tour of a visitor: search, details in many languages, home, export, and a film of one's own."""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Headers

TOY_STORY, TERMINATOR, AMELIE, SPIRITED_AWAY = "tt0114709", "tt0088247", "tt0211915", "tt0245429"


def got(http: httpx.Client, path: str, **headers: str) -> Any:
    answer = http.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def within(seconds: float, look: Callable[[], Any]) -> Any:
    """What `look` sees, as soon as that is something."""
    limit = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < limit, f"not within {seconds} s"
        time.sleep(0.02)
    return seen


def test_the_demo_catalogue_is_all_there(http: httpx.Client) -> None:
    names: list[str] = []
    token = ""
    while True:
        page = got(http, f"/v1/movies?pageSize=100&pageToken={token}")
        names += [movie["name"] for movie in page["movies"]]
        if not (token := page["nextPageToken"]):
            break
    assert len(names) == len(set(names)) >= 200
    assert f"movies/{TOY_STORY}" in names


@pytest.mark.parametrize(
    ("query", "movie"),
    [
        ("toy story", TOY_STORY),
        ("toy stroy", TOY_STORY),
        ("termnator", TERMINATOR),
        ("amelie", AMELIE),
        ("AMÉLIE", AMELIE),
        ("fabelhafte welt", AMELIE),
        ("千と千尋の神隠し", SPIRITED_AWAY),
        ("spirited aw", SPIRITED_AWAY),
    ],
)
def test_search_finds_what_was_meant(http: httpx.Client, query: str, movie: str) -> None:
    found = http.get("/v1/movies:search", params={"query": query}).json()
    assert found["results"][0]["movie"]["name"] == f"movies/{movie}", [each["movie"]["title"] for each in found["results"]]


def test_search_filters_and_counts(http: httpx.Client) -> None:
    found = http.get("/v1/movies:search", params={"genresAll": "animation", "yearFrom": 1990, "yearTo": 1999, "pageSize": 2}).json()
    assert found["totalSize"] > 2
    for each in found["results"]:
        assert "animation" in each["movie"]["genres"]
        assert 1990 <= each["movie"]["releaseYear"] <= 1999
    assert [count["value"] for count in found["facets"]["decades"]] == ["1990"]
    assert next(count["count"] for count in found["facets"]["genres"] if count["value"] == "animation") == found["totalSize"]
    second = http.get(
        "/v1/movies:search",
        params={"genresAll": "animation", "yearFrom": 1990, "yearTo": 1999, "pageSize": 2, "pageToken": found["nextPageToken"]},
    ).json()
    names = [each["movie"]["name"] for each in found["results"] + second["results"]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("languages", "title", "language"),
    [
        ("pt-BR", "O Fabuloso Destino de Amélie Poulain", "pt-BR"),
        ("de", "Die fabelhafte Welt der Amélie", "de"),
        ("de-AT, en;q=0.5", "Die fabelhafte Welt der Amélie", "de"),
        ("fr;q=0.2, it", "Il favoloso mondo di Amélie", "it"),
        ("tlh", "Le Fabuleux Destin d'Amélie Poulain", "fr"),
    ],
)
def test_details_are_told_in_the_language_asked_for(http: httpx.Client, languages: str, title: str, language: str) -> None:
    details = got(http, f"/v1/movies/{AMELIE}:details", **{"accept-language": languages})
    resolved = details["metadata"]["resolved"]
    assert (resolved["title"], resolved["languageCode"]) == (title, language)
    assert details["movie"]["title"] == "Amélie"
    assert details["summary"]["count"] > 0


def test_home_has_rows_of_rated_films_with_localised_titles(http: httpx.Client) -> None:
    home = got(http, "/v1/home?rowSize=5&languageCode=de")
    kinds = [row["kind"] for row in home["rows"]]
    assert {"KIND_TOP_RATED", "KIND_NEW"} <= set(kinds)
    top = next(row for row in home["rows"] if row["kind"] == "KIND_TOP_RATED")
    assert len(top["movies"]) == 5
    assert all(card["ratingCount"] > 0 and card["ratingMean"] > 0 and card["title"] for card in top["movies"])
    assert not {"PART_RATINGS", "PART_METADATA", "PART_TOP_RATED", "PART_NEW"} & set(home["unavailableParts"])


def test_a_batch_may_be_as_large_as_the_contract_says(http: httpx.Client) -> None:
    names = [f"movies/{'x' * 32}-{number}" for number in range(999)]
    answer = http.get("/v1/movies:batchGet", params={"names": [*names, f"movies/{TOY_STORY}"]})
    assert answer.status_code == 200, answer.text
    assert [movie["name"] for movie in answer.json()["movies"]] == [f"movies/{TOY_STORY}"]
    assert answer.json()["missingNames"] == names


def test_export_is_one_document_a_line(http: httpx.Client) -> None:
    answer = http.get("/v1/movies:export")
    assert answer.headers["content-type"] == "application/x-ndjson"
    movies = [json.loads(line) for line in answer.text.splitlines()]
    names = [movie["name"] for movie in movies]
    assert len(names) >= 200
    assert names == sorted(names)


def test_a_new_film_is_rated_shown_and_found(http: httpx.Client, admin: Headers, user: Headers) -> None:
    movie_id = f"tour-{uuid.uuid4().hex[:8]}"
    title = f"Quokka Regatta {movie_id[5:]}"
    created = http.post("/v1/movies", params={"movieId": movie_id}, json={"title": title, "releaseYear": 2024}, headers=admin)
    assert created.status_code == 200, created.text
    path = f"/v1/movies/{movie_id}"
    assert created.json()["name"] == f"movies/{movie_id}"
    before = got(http, f"{path}:details")
    assert before["summary"]["count"] == 0

    rated = http.post(f"{path}:rate", json={"score": 4.5}, headers=user)
    assert rated.status_code == 200, rated.text
    assert rated.json()["user"] == "users/alice"
    within(1.0, lambda: got(http, f"{path}:details")["summary"]["count"] == 1)
    mine = got(http, f"{path}:details", **user)
    assert (mine["ownRating"]["score"], mine["summary"]["mean"]) == (4.5, 4.5)
    assert "ownRating" not in got(http, f"{path}:details")

    text = {"originalLanguage": "en", "genres": ["comedy"], "localizations": [{"languageCode": "de", "title": f"Quokkas {movie_id[5:]}"}]}
    told = http.patch(f"{path}/metadata", json=text, headers=admin)
    assert told.status_code == 200, told.text
    within(1.0, lambda: got(http, f"{path}:details", **{"accept-language": "de"}).get("metadata", {}).get("resolved"))
    within(2.0, lambda: f"movies/{movie_id}" in found_by(http, f"quokka {movie_id[5:]}"))
    within(2.0, lambda: f"movies/{movie_id}" in found_by(http, f"quokkas {movie_id[5:]}"))

    assert http.post(f"{path}:unrate", json={}, headers=user).status_code == 200
    within(1.0, lambda: got(http, f"{path}:details")["summary"]["count"] == 0)
    assert http.delete(path, headers=admin).json()["state"] == "STATE_DELETED"
    assert http.get(f"{path}:details").status_code == 404
    within(2.0, lambda: f"movies/{movie_id}" not in found_by(http, f"quokka {movie_id[5:]}"))


def found_by(http: httpx.Client, query: str) -> list[str]:
    return [each["movie"]["name"] for each in http.get("/v1/movies:search", params={"query": query}).json()["results"]]
