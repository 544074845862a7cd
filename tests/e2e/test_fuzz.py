"""R18: whatever comes over HTTP, the answer is no 500, every refusal is JSON, and no connection hangs."""

import gzip
import http.client
import json
import random
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

import httpx
import pytest

from stack.whole import WholeStack
from tests.contract.generated.methods import methods
from tests.e2e.conftest import bearer

FEW, MANY = 300, 5_000
PATIENCE = 8.0  # seconds; the longest deadline that a GET or a small POST has, and some slack
SEED = 1895

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "FOO", "get", "PROPFIND", "CONNECT")
OWN = ("fuzzed", "fuzzed-too")  # movies that may be changed and deleted: the demo catalogue stays as it is
IDS = (*OWN, "same", "no-such", "A B", "é", "%00", "%2F", "..", "*", "", "a" * 300, "fuzzed:details", ":", "{movie}")
VALUES = ("", "1", "-1", "0", "99999999999999999999", "NaN", "true", "null", "x" * 3_000, "é\u0000", "%", "movies/a", "title,name", "1e309")
KEYS = (
    "pageSize",
    "page_size",
    "pageToken",
    "query",
    "genresAll",
    "yearFrom",
    "minRating",
    "updateMask",
    "requestId",
    "names",
    "orderBy",
    "a.b",
    "",
)
JSONS: tuple[object, ...] = (
    *({}, [], None, 1, "x", [[]], [{}], {"title": 1}, {"title": None}, {"title": "x", "unknown": 1}, {"score": 5}, {"score": "NaN"}),
    *({"score": 1e400}, {"releaseYear": 1.5}, {"releaseYear": "1999"}, {"genres": "drama"}, {"genres": [None]}, {"runtime": "1y"}),
    *({"runtime": "99999999999999s"}, {"state": "NO_SUCH"}, {"createTime": "yesterday"}, {"title": "\0"}, {"title": "\ud800"}, {"": ""}),
    *({"ratings": [{"name": "x"}], "source": "fuzz"}, {"movies": [{}]}, {"metadata": [{}]}, {"source": "fuzz", "force": True}),
)


@dataclass(frozen=True)
class Exchange:
    """What was sent, and what came back."""

    sent: bytes
    status: int
    content_type: str
    body: bytes


def made_up(rng: random.Random, token: str) -> bytes:
    """One HTTP/1.1 request as bytes, mostly well-formed: a client library would refuse to write half of them."""
    method, binding = rng.choice([(method, binding) for method in methods() for binding in method.bindings])
    verb = binding.verb if rng.random() < 0.75 else rng.choice(VERBS)
    body, headers = _body(rng) if binding.body or rng.random() < 0.1 else (b"", {})
    headers = {"host": "fuzz.test", "connection": "close", **headers, **_headers(rng)}
    if rng.random() < 0.6:
        headers |= bearer(token)
    target = _target(rng, binding.template, [field.json_name for field in method.descriptor.input_type.fields])
    head = f"{verb} {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    return head.encode("utf-8", "surrogatepass") + body


def _target(rng: random.Random, template: str, fields: list[str]) -> str:
    """Mostly as the method has it, with values that are mostly strange."""
    path = template
    while "{" in path:
        before, _, rest = path.partition("{")
        variable, _, after = rest.partition("}")
        path = before + (variable.partition("=")[2] or "*") + after
    path = "".join(quote(_id(rng), safe="%:*{}.") if character == "*" else character for character in path)
    if rng.random() < 0.15:
        at = rng.randrange(len(path) + 1)
        path = path[:at] + rng.choice(("/", "//", "/../", "%", "%zz", ":", "\u00e9", ";a=b", "#", "\\", "%c0%af")) + path[at:]
    if rng.random() < 0.5:
        path += "?" + "&".join(
            f"{quote(rng.choice(KEYS if rng.random() < 0.1 else fields or KEYS))}={quote(rng.choice(VALUES), safe='%/,')}"
            for _ in range(rng.randint(1, 4))
        )
    return path.replace(" ", "%20")


def _id(rng: random.Random) -> str:
    return rng.choice(IDS) if rng.random() < 0.4 else rng.choice((*OWN, "no-such"))


def _body(rng: random.Random) -> tuple[bytes, dict[str, str]]:
    kind = rng.random()
    if kind < 0.35:
        return b"", {}
    content = json.dumps(rng.choice(JSONS)).encode()
    if kind > 0.8:
        content = rng.choice(
            (content[:-1], b"\xff\xfe", b"{" * 5_000, b"[" * 200 + b"]" * 200, rng.randbytes(200), b'{"a":1}{"b":2}', b" ")
        )
    headers = {"content-type": rng.choice(("application/json", "application/json; charset=utf-16", "text/plain", "application/grpc", "é"))}
    if rng.random() < 0.7:
        headers = {"content-type": "application/json"}
    if rng.random() < 0.1:
        content, headers["content-encoding"] = gzip.compress(content), rng.choice(("gzip", "br", "made-up"))
    if rng.random() < 0.2:
        return b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content) if content else b"0\r\n\r\n", {**headers, "transfer-encoding": "chunked"}
    return content, {**headers, "content-length": str(len(content))}


def _headers(rng: random.Random) -> dict[str, str]:
    odd = {
        "accept": ("text/html", "application/xml;q=0", "é", "*/*"),
        "accept-language": ("de", "xx-YY-zz", ";;q=,", "*", "x" * 5_000, "é"),
        "accept-encoding": ("gzip", "br", "identity;q=0", "made-up"),
        "authorization": ("Bearer", "Bearer x.y.z", "Basic YTpi", "é", "Bearer " + "x" * 5_000),
        "traceparent": ("00-0-0-00", "x", "00-" + "1" * 32 + "-" + "2" * 16 + "-01"),
        "grpc-timeout": ("1n", "-1S", "x", "99999999H"),
        "origin": ("null", "http://page.test"),
        "access-control-request-method": ("GET", "FOO"),
        "te": ("trailers",),
        "expect": ("100-continue",),
        "range": ("bytes=0-1",),
        "x-http-method-override": ("DELETE",),
        "x-envoy-original-path": ("/v1/movies",),
        "grpc-status": ("0", "x"),
        "grpc-encoding": ("gzip", "made-up"),
        "x-data-bin": ("AAAA", "not base64"),
        "cookie": ("a=b",),
        "upgrade": ("websocket", "h2c"),
    }
    return {name: rng.choice(odd[name]) for name in rng.sample(sorted(odd), rng.choice((0, 0, 0, 1, 2, 3)))}


def exchanged(address: str, sent: bytes) -> Exchange:
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(sent)
        answer = http.client.HTTPResponse(connection, method=sent.partition(b" ")[0].decode())
        try:
            answer.begin()
            body = answer.read()
        finally:
            answer.close()
    kind = answer.headers.get("content-type", "")
    encoding = answer.headers.get("content-encoding")
    if encoding == "br":  # the standard library cannot read it: that it was compressed has to do
        body = b'{"code": -1, "message": "compressed"}'
    return Exchange(sent, answer.status, kind, gzip.decompress(body) if encoding == "gzip" else body)


def flaw_of(exchange: Exchange) -> str | None:
    """Why the answer is not acceptable."""
    if exchange.status in (500, 501, 502) and not _says(exchange, 12):
        return "a server error"
    if exchange.status >= 300 and not exchange.sent.startswith(b"HEAD "):
        if exchange.content_type != "application/json":
            return f"an error as {exchange.content_type!r}"
        if not {"code", "message"} <= set(json.loads(exchange.body)):
            return "an error that is no google.rpc.Status"
    return None


def _says(exchange: Exchange, code: int) -> bool:
    """UNIMPLEMENTED is 501 by the table of google.rpc.Code."""
    return exchange.status == 501 and bool(json.loads(exchange.body)["code"] == code)


@pytest.mark.parametrize("requests", [FEW, pytest.param(MANY, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
def test_no_request_breaks_or_hangs_the_platform(stack: WholeStack, http: httpx.Client, requests: int) -> None:
    rng = random.Random(f"{SEED} {requests}")
    token, found = stack.token("users/admin", ["ADMIN", "USER"]), []
    for movie in OWN:
        made = http.post("/v1/movies", params={"movieId": movie}, json={"title": "Fuzzed"}, headers=bearer(token))
        assert made.status_code in (200, 409), made.text
    statuses: dict[int, int] = {}
    by_services = 0
    for _ in range(requests):
        sent = made_up(rng, token)
        exchange = tried(lambda sent=sent: exchanged(stack.edge_address, sent), sent)  # type: ignore[misc]  # bound to this round
        if isinstance(exchange, str):
            found.append(exchange)
            continue
        statuses[exchange.status] = statuses.get(exchange.status, 0) + 1
        by_services += b"reelmesh.edge" not in exchange.body
        if flaw := flaw_of(exchange):
            found.append(f"{flaw}: {exchange}")
    assert not found, "\n".join([f"{len(found)} of {requests}:", *found[:10]])
    assert {200, 400, 401, 404, 405} <= set(statuses), statuses
    assert by_services > requests // 3, by_services  # not all of them were refused at the door
    assert {process.restarts for process in stack.state.processes} == {0}


def tried(exchange: Callable[[], Exchange], sent: bytes) -> Exchange | str:
    try:
        return exchange()
    except (OSError, http.client.HTTPException) as error:
        return f"{type(error).__name__} {error}: {sent[:600]!r}"
