"""Web pages of other origins may call every path, and read every answer."""

import httpx
import pytest

from tests.integration.edge.conftest import PAGE

ORIGIN = "http://somewhere.test"
PATHS = ["/v1/items/one", "/v1/items", "/v1/items:import", "/v1/items:export", "/shop.v1.Shop/GetItem", PAGE.path, "/nowhere", "/"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_preflight_is_answered_on_every_path(http: httpx.Client, path: str, method: str) -> None:
    asked = {"origin": ORIGIN, "access-control-request-method": method, "access-control-request-headers": "authorization, x-grpc-web"}
    answer = http.options(path, headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert method in answer.headers["access-control-allow-methods"]
    assert {"authorization", "x-grpc-web", "content-type"} <= set(answer.headers["access-control-allow-headers"].split(", "))
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("path", [*PATHS, "/v1/items?nope=1", "/v1/items:fail?code=5", "/v1/items:fail?code=14"])
def test_every_answer_may_be_read_also_errors(http: httpx.Client, path: str) -> None:
    answer = http.get(path, headers={"origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "x-request-id" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/v1/items", {"GET", "POST", "OPTIONS"}), ("/v1/items/one", {"GET", "OPTIONS"}), ("/v1/items:import", {"POST", "OPTIONS"})],
)
def test_options_alone_tells_what_a_path_has(http: httpx.Client, path: str, allowed: set[str]) -> None:
    answer = http.options(path)
    assert answer.status_code == 204
    assert set(answer.headers["allow"].split(", ")) == allowed
