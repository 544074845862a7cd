"""HTTP/JSON through the edge: what goes in, what comes out, what is refused."""

import json
import socket
import time
from typing import Any

import httpx
import pytest

from tests.integration.edge.conftest import PAGE, Edge
from tests.services import signed


def test_path_and_query_become_fields_and_the_answer_is_bare(http: httpx.Client) -> None:
    item = http.get("/v1/items/one").json()
    assert (item["name"], item["displayName"], item["stock"], item["colour"]) == ("items/one", "Ünïcode", 0, "COLOUR_UNSPECIFIED")


@pytest.mark.parametrize("size", ["pageSize", "page_size"])
def test_query_parameters_may_repeat_and_have_either_name(http: httpx.Client, size: str) -> None:
    items = http.get(f"/v1/items?{size}=2&colour=COLOUR_RED&names=caf%C3%A9&names=a+b").json()["items"]
    assert [item["name"] for item in items] == ["items/0", "items/1", "café", "a b"]
    assert items[0]["colour"] == "COLOUR_RED"


def test_a_path_is_unescaped(http: httpx.Client) -> None:
    assert http.get("/v1/items/caf%C3%A9").json()["name"] == "items/café"


@pytest.mark.parametrize("path", ["//v1///items/one", "/v1/x/../items/one"])
def test_a_path_is_normalised(edge: Edge, path: str) -> None:
    # Raw, since a client would normalise it itself.
    with httpx.Client() as client:
        request = client.build_request("GET", edge.url)
        request.url = request.url.copy_with(raw_path=path.encode())
        assert client.send(request).json()["name"] == "items/one"


def test_a_body_becomes_the_field_that_the_contract_names(http: httpx.Client) -> None:
    item = http.post("/v1/items?itemId=one", json={"displayName": "four", "colour": "COLOUR_RED"}).json()
    assert (item["name"], item["stock"]) == ("items/one", 4)


def test_a_large_answer_arrives_whole(http: httpx.Client) -> None:
    assert len(http.get("/v1/items?pageSize=30000").json()["items"]) == 30_000


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 128, 16_000, 16_384, 70_000, 3_000_000])
def test_a_bare_answer_of_any_size_arrives_whole(http: httpx.Client, size: int) -> None:
    item = http.post("/v1/items?itemId=echo", json={"displayName": "x" * size}).json()
    assert (item["displayName"], item["name"]) == ("x" * size, "")


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "code", "reason"),
    [
        ("GET", "/nowhere", None, 404, 5, "PATH_NOT_FOUND"),
        ("GET", "/v1/items/one:nope", None, 404, 5, "PATH_NOT_FOUND"),
        ("GET", "/v1/items/one/two", None, 404, 5, "PATH_NOT_FOUND"),
        ("POST", "/shop.v1.Shop/GetItem", b"{}", 404, 5, "PATH_NOT_FOUND"),
        ("PUT", "/v1/items/one", b"{}", 405, 12, "METHOD_NOT_ALLOWED"),
        ("DELETE", "/v1/items", None, 405, 12, "METHOD_NOT_ALLOWED"),
        ("POST", PAGE.path, b"", 405, 12, "METHOD_NOT_ALLOWED"),
        ("GET", "/v1/items?nope=1", None, 400, 3, "BAD_REQUEST"),
        ("GET", "/v1/items?pageSize=many", None, 400, 3, "BAD_REQUEST"),
        ("GET", "/v1/items?colour=COLOUR_NONE", None, 400, 3, "BAD_REQUEST"),
        ("POST", "/v1/items", b"{bad", 400, 3, "BAD_REQUEST"),
        ("POST", "/v1/items", b'{"stock": "x"}', 400, 3, "BAD_REQUEST"),
        ("POST", "/v1/items", b'{"displayName":"' + b"x" * 4_300_000 + b'"}', 413, 8, "REQUEST_TOO_LARGE"),
        ("POST", "/v1/items:import", b'[{"item":{"displayName":"' + b"x" * 4_300_000 + b'"}}]', 413, 8, "REQUEST_TOO_LARGE"),
        ("GET", "/v1/items/one?sleep=2", None, 504, 4, "DEADLINE_EXCEEDED"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_the_edge_refuses_has_the_shape_of_every_error(
    http: httpx.Client, method: str, path: str, content: bytes | None, status: int, code: int, reason: str
) -> None:
    headers = {"origin": "http://somewhere.test", "content-type": "application/json"}
    answer = http.request(method, path, content=content, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "http://somewhere.test"
    body = answer.json()
    assert (body["code"], body["details"][0]["reason"], body["details"][0]["domain"]) == (code, reason, "reelmesh.edge")
    assert body["message"]
    assert body["details"][0]["metadata"] == {"request_id": answer.headers["x-request-id"]}


@pytest.mark.parametrize("headers", [{"x-large": "x" * 140_000}, {f"x-{number}": "1" for number in range(150)}], ids=["large", "many"])
def test_too_many_headers_are_refused(http: httpx.Client, headers: dict[str, str]) -> None:
    answer = http.get("/v1/items/one", headers=headers)
    assert (answer.status_code, answer.json()["details"][0]["reason"]) == (431, "HEADERS_TOO_LARGE")


@pytest.mark.parametrize(
    ("name", "bad", "status"),
    [("grpc-timeout", "soon", 400), ("grpc-encoding", "rot13", 400), ("x-data-bin", "not base64", 200), ("grpc-status", "x", 200)],
)
def test_headers_that_would_break_the_connection_to_a_service_do_not_reach_it(http: httpx.Client, name: str, bad: str, status: int) -> None:
    good = {"grpc-timeout": "1S", "grpc-encoding": "identity"}.get(name, "AAAA")
    for _ in range(2):
        assert http.get("/v1/items/one", headers={name: bad}).status_code == status
        assert http.get("/v1/items/one", headers={name: good}).status_code == 200


def test_a_request_that_is_not_http_is_refused(edge: Edge) -> None:
    host, port = edge.address.split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nBad Header\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 400")


STATUS = {
    1: 499, 2: 500, 3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 10: 409, 11: 400, 12: 501, 13: 500, 14: 503, 15: 500, 16: 401,
}  # fmt: skip


@pytest.mark.parametrize(("code", "status"), STATUS.items())
def test_each_code_of_a_service_has_its_status_and_keeps_its_details(http: httpx.Client, code: int, status: int) -> None:
    answer = http.get(f"/v1/items:fail?code={code}")
    assert answer.status_code == status
    body = answer.json()
    assert (body["code"], body["message"]) == (code, "as asked: naïve")
    info, violations = body["details"]
    assert info == {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "SAMPLE",
        "domain": "reelmesh.shop",
        "metadata": {"item": "items/1"},
    }
    assert violations["fieldViolations"][0]["field"] == "code"


def test_a_stream_of_answers_is_lines_that_arrive_as_they_are_made(http: httpx.Client) -> None:
    began = time.monotonic()
    with http.stream("GET", "/v1/items:export?count=3&pause=0.3") as answer:
        assert answer.headers["content-type"] == "application/x-ndjson"
        arrivals = [(json.loads(line)["name"], time.monotonic() - began) for line in answer.iter_lines()]
    assert [name for name, _ in arrivals] == ["items/0", "items/1", "items/2"]
    assert arrivals[0][1] < 0.6 < 0.8 < arrivals[2][1]


def test_a_long_stream_arrives_whole(http: httpx.Client) -> None:
    lines = http.get("/v1/items:export?count=5000").text.splitlines()
    assert [json.loads(line)["name"] for line in lines] == [f"items/{number}" for number in range(5000)]


def test_a_stream_that_fails_before_its_first_answer_is_an_error(http: httpx.Client) -> None:
    answer = http.get("/v1/items:export")
    assert (answer.status_code, answer.headers["content-type"], answer.json()["code"]) == (400, "application/json", 3)


def test_a_stream_of_requests_is_a_json_array(http: httpx.Client) -> None:
    items: list[Any] = [{"item": {"name": f"items/{number}"}} for number in range(500)]
    assert http.post("/v1/items:import", json=items).json() == {"count": 500}


def test_what_the_caller_says_reaches_the_service_and_what_only_the_mesh_may_say_does_not(http: httpx.Client) -> None:
    said = {
        "accept-language": "de-CH, en",
        "authorization": f"Bearer {signed({})}",
        "x-custom": "1",
    }
    forged = {
        "x-reelmesh-user": "users/admin",
        "x-reelmesh-caller": "movie",
        "x-request-id": "mine",
        "x-reelmesh-arrived": "1",
        "X-Reelmesh-Response": "1",
    }
    answer = http.get("/v1/items/one", headers=said | forged)
    seen = answer.json()["seen"]
    assert said.items() <= seen.items()
    assert "x-reelmesh-user" not in seen
    assert seen["x-reelmesh-caller"] == "edge"
    assert seen["x-request-id"] == answer.headers["x-request-id"] != "mine"


@pytest.mark.parametrize("flags", ["00", "01"])
def test_the_edge_is_a_hop_of_the_callers_trace_and_keeps_its_decision(http: httpx.Client, flags: str) -> None:
    said = f"00-{'1' * 32}-{'2' * 16}-{flags}"
    seen = http.get("/v1/items/one", headers={"traceparent": said}).json()["seen"]["traceparent"]
    assert (seen[:36], seen[-3:]) == (said[:36], said[-3:])
    assert seen != said


def test_the_edge_begins_a_trace_for_who_has_none(http: httpx.Client) -> None:
    first, second = (http.get("/v1/items/one").json()["seen"]["traceparent"] for _ in range(2))
    assert first[3:35] != second[3:35]
    assert first.endswith("-00"), "without a collector nothing is recorded"


def test_probes_say_what_the_edge_knows_by_itself(http: httpx.Client) -> None:
    assert http.get("/healthz").json() == {"status": "ok", "checks": {"edge": "ok"}}
    unknown = http.get("/readyz?verbose")
    assert (unknown.status_code, unknown.headers["content-type"]) == (200, "application/json")
    assert unknown.json() == {"status": "unknown", "checks": {"control-plane": "unavailable"}}
    assert http.post("/readyz").status_code == 405


def test_nothing_of_envoy_shows_in_an_answer(http: httpx.Client) -> None:
    headers = http.get("/v1/items/one").headers
    assert headers["server"] == "reelmesh"
    assert not [name for name in headers if name.startswith("x-envoy") or name == "grpc-accept-encoding"]


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip", "gzip"), ("br", "br"), ("gzip, br", "br"), ("identity", None)])
@pytest.mark.parametrize("path", ["/v1/items?pageSize=100", PAGE.path])
def test_answers_are_compressed_for_those_who_can_read_them(http: httpx.Client, path: str, accepted: str, encoding: str | None) -> None:
    with http.stream("GET", path, headers={"accept-encoding": accepted}) as answer:
        assert answer.headers.get("content-encoding") == encoding
        assert "Accept-Encoding" in answer.headers["vary"]
        for _ in answer.iter_raw():
            pass


def test_small_answers_are_not_compressed(http: httpx.Client) -> None:
    assert "content-encoding" not in http.get("/v1/items?pageSize=1").headers


def test_a_page_is_served_as_it_is(http: httpx.Client) -> None:
    answer = http.get(PAGE.path)
    assert (answer.content, answer.headers["content-type"]) == (PAGE.body, PAGE.content_type)
    assert http.head(PAGE.path).status_code == 200
