"""What the platform refuses, and how: JSON with the details of google.rpc.Status, whoever refuses."""

import re
from typing import Any

import httpx
import pytest

from tests.contract.generated.methods import methods
from tests.e2e.conftest import Headers

MEBIBYTE = 1 << 20


def status_of(answer: httpx.Response) -> dict[str, Any]:
    """The checked error document."""
    assert answer.headers["content-type"] == "application/json"
    status: dict[str, Any] = answer.json()
    assert set(status) == {"code", "message", "details"}
    assert isinstance(status["code"], int)
    infos = [detail for detail in status["details"] if detail["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"]
    assert len(infos) == 1
    assert re.fullmatch(r"[A-Z0-9_]+", infos[0]["reason"])
    assert infos[0]["domain"].startswith("reelmesh.")
    return status


@pytest.mark.parametrize(
    ("verb", "path", "http_status", "code", "reason"),
    [
        ("GET", "/", 404, 5, "PATH_NOT_FOUND"),
        ("GET", "/v1/nowhere", 404, 5, "PATH_NOT_FOUND"),
        ("GET", "/v1/movies/a/b/c/d", 404, 5, "PATH_NOT_FOUND"),
        ("POST", "/v1/home", 405, 12, "METHOD_NOT_ALLOWED"),
        ("PUT", "/v1/movies/tt0114709", 405, 12, "METHOD_NOT_ALLOWED"),
        ("GET", "/v1/movies?noSuchParameter=1", 400, 3, "BAD_REQUEST"),
        ("GET", "/v1/movies/no-such", 404, 5, "MOVIE_NOT_FOUND"),
        ("GET", "/v1/movies/no-such:details", 404, 5, "MOVIE_NOT_FOUND"),
        ("GET", "/v1/movies/NOT%20AN%20ID", 400, 3, "INVALID_ARGUMENT"),
        ("GET", "/v1/movies?pageSize=-1", 400, 3, "INVALID_ARGUMENT"),
        ("GET", "/v1/movies?pageToken=forged", 400, 3, "INVALID_ARGUMENT"),
        ("GET", "/v1/people/no-such", 404, 5, "PERSON_NOT_FOUND"),
        ("POST", "/v1/movies/tt0114709:rate", 401, 16, "TOKEN_MISSING"),
    ],
)
def test_refusals_are_json_with_details(http: httpx.Client, verb: str, path: str, http_status: int, code: int, reason: str) -> None:
    answer = http.request(verb, path, json={"score": 5} if verb == "POST" else None)
    assert answer.status_code == http_status, answer.text
    status = status_of(answer)
    assert (status["code"], status["details"][0]["reason"]) == (code, reason)


def test_a_user_is_no_admin_and_a_forged_token_is_nobody(http: httpx.Client, user: Headers) -> None:
    forbidden = http.post("/v1/movies", json={"title": "x"}, headers=user)
    assert (forbidden.status_code, status_of(forbidden)["details"][0]["reason"]) == (403, "ROLE_MISSING")
    forged = http.get("/v1/movies", headers={"authorization": user["authorization"][:-4] + "AAAA"})
    assert (forged.status_code, status_of(forged)["code"]) == (401, 16)


def test_all_violations_are_told_at_once(http: httpx.Client, admin: Headers) -> None:
    answer = http.post("/v1/movies", params={"movieId": "A B"}, json={"releaseYear": 3, "genres": ["x", "x"]}, headers=admin)
    status = status_of(answer)
    bad = next(detail for detail in status["details"] if detail["@type"].endswith("BadRequest"))
    fields = {violation["field"] for violation in bad["fieldViolations"]}
    assert fields == {"movie.title", "movie.release_year", "movie.genres", "movie_id"}


@pytest.mark.parametrize("known_length", [True, False])
def test_a_body_beyond_4_mib_is_too_large(http: httpx.Client, admin: Headers, known_length: bool) -> None:
    body = b'{"title": "' + b"x" * (4 * MEBIBYTE) + b'"}'
    content: Any = body if known_length else iter([body[:MEBIBYTE], body[MEBIBYTE:]])
    answer = http.post("/v1/movies", content=content, headers={**admin, "content-type": "application/json"})
    assert answer.status_code == 413, answer.text
    assert status_of(answer)["details"][0]["reason"] == "REQUEST_TOO_LARGE"


def operations(http: httpx.Client) -> list[tuple[str, list[str]]]:
    """Concrete path -> verbs, of every path in the OpenAPI document."""
    paths: dict[str, dict[str, Any]] = http.get("/openapi.json").json()["paths"]
    verbs = ("get", "put", "post", "delete", "patch")
    return [(re.sub(r"\{[^}]+\}", "an-id", path), [verb.upper() for verb in verbs if verb in item]) for path, item in paths.items()]


def test_the_document_has_every_binding_of_the_contract(http: httpx.Client) -> None:
    assert sum(len(verbs) for _, verbs in operations(http)) == sum(len(method.bindings) for method in methods())


def test_options_works_on_every_route(http: httpx.Client) -> None:
    for path, verbs in operations(http):
        plain = http.options(path)
        assert (plain.status_code, plain.content) == (204, b""), path
        assert set(verbs) <= set(plain.headers["allow"].split(", ")), path
        for verb in verbs:
            asked = {"access-control-request-method": verb, "access-control-request-headers": "authorization"}
            preflight = http.options(path, headers={"origin": "http://page.test", **asked})
            assert preflight.status_code in (200, 204), path
            assert verb in preflight.headers["access-control-allow-methods"], path
            assert "authorization" in preflight.headers["access-control-allow-headers"], path
            assert preflight.headers["access-control-allow-origin"] in ("*", "http://page.test"), path


def test_answers_tell_pages_that_they_may_read_them(http: httpx.Client) -> None:
    for path in ("/v1/movies/tt0114709", "/v1/nowhere", "/openapi.json"):
        assert http.get(path, headers={"origin": "http://page.test"}).headers["access-control-allow-origin"] in ("*", "http://page.test")
