"""Two control planes, zones, a canary and faults over a whole stack whose services run in Envoy; gRPC's clients have
tests/integration/control_plane for the same."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import httpx
import pytest

from mesh.control_plane.rules import NO_RULES, RulesFile
from reelmesh.movie.v1.movie_service_pb2 import GetMovieDetailsRequest
from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceStub
from stack.topology import CONTEXTS
from stack.whole import WholeStack
from tests.e2e.breaking import eventually, is_back, kill, new_movie
from tests.e2e.conftest import Headers, bearer, client, leaving_nothing

_ARGUMENTS = "--transport envoy --control-planes 2 --zones a,b --replicas rating=2 --replicas rating@v2=1"
_SOON = 5.0  # seconds until a rule holds


@pytest.fixture(scope="module")
def meshed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeStack]:
    """movie-1, rating-1 and rating-v2-1 are in zone a, rating-2 in zone b, the edge in none."""
    with leaving_nothing(tmp_path_factory.mktemp("meshed") / "data", *_ARGUMENTS.split()) as running:
        yield running


@pytest.fixture(scope="module")
def web(meshed: WholeStack) -> Iterator[httpx.Client]:
    with client(meshed) as opened:
        yield opened


@pytest.fixture(scope="module")
def boss(meshed: WholeStack) -> Headers:
    return bearer(meshed.token("users/admin", ["ADMIN", "USER"]))


@pytest.fixture
def rules(meshed: WholeStack) -> Iterator[RulesFile]:
    file = RulesFile(meshed.directory.rules_file)
    yield file
    file.clear()


def reelmesh(stack: WholeStack, *arguments: str) -> str:
    argv = [sys.executable, "-m", "stack", *arguments, "--data-dir", str(stack.directory.path)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def received(stack: WholeStack, admin: str) -> dict[str, int]:
    """How many requests an Envoy has sent to each instance of rating."""
    names = {process.address: process.name for process in stack.state.processes}
    found = {}
    for line in httpx.get(f"http://{admin}/clusters", trust_env=False).text.splitlines():
        cluster, *rest = line.split("::")
        if cluster == "rating" and len(rest) == 3 and rest[1] == "rq_success" and rest[0] in names:
            found[names[rest[0]]] = int(rest[2])
    return found


def admin_of(stack: WholeStack, instance: str) -> str:
    entry = json.loads((stack.directory.registry / f"{instance}.json").read_text())
    return str(entry["metadata"]["admin"])


def shares(stack: WholeStack, admin: str, web: httpx.Client, path: str, headers: Headers, calls: int) -> dict[str, float]:
    before = received(stack, admin)
    for _ in range(calls):
        assert web.get(path, headers=headers).status_code == 200
    counts = {name: count - before[name] for name, count in received(stack, admin).items()}
    return {name: count / calls for name, count in counts.items()}


def test_services_and_edge_give_a_canary_its_share_and_services_prefer_their_zone(
    meshed: WholeStack, web: httpx.Client, boss: Headers
) -> None:
    path = new_movie(web, boss)
    movie, edge = admin_of(meshed, "movie-1"), (meshed.directory.edge / "admin.address").read_text().strip()
    # With a token, each page asks rating once, whatever is cached.
    equal = shares(meshed, movie, web, f"{path}:details", boss, 200)
    assert equal["rating-2"] == 0, equal
    assert equal["rating-v2-1"] == pytest.approx(0.5, abs=0.1), equal
    assert "v2 gets 10 %" in reelmesh(meshed, "canary", "rating", "v2=10%")
    eventually(lambda: shares(meshed, movie, web, f"{path}:details", boss, 40)["rating-v2-1"] < 0.25, _SOON)
    of_movie = shares(meshed, movie, web, f"{path}:details", boss, 400)
    assert of_movie["rating-2"] == 0, of_movie
    assert of_movie["rating-v2-1"] == pytest.approx(0.1, abs=0.03), of_movie
    of_edge = shares(meshed, edge, web, f"{path}/ratingSummary", boss, 400)
    assert of_edge["rating-v2-1"] == pytest.approx(0.1, abs=0.03), of_edge
    assert of_edge["rating-1"] == pytest.approx(0.45, abs=0.1), of_edge
    assert "canary   rating v2 gets 10 %" in reelmesh(meshed, "status")
    reelmesh(meshed, "canary", "rating", "--off")
    assert RulesFile(meshed.directory.rules_file).read() == NO_RULES


def test_a_fault_meets_calls_of_the_edge_and_of_services(meshed: WholeStack, web: httpx.Client, boss: Headers, rules: RulesFile) -> None:
    path = new_movie(web, boss)
    assert "summary" in web.get(f"{path}:details").json()
    for method in ("BatchGetRatingSummaries", "GetRatingSummary"):  # the movie context's and the edge's
        reelmesh(meshed, "fault", "rating", method, "--abort", "UNAVAILABLE")
    eventually(lambda: web.get(f"{path}/ratingSummary").status_code == 503, _SOON)
    refused = web.get(f"{path}/ratingSummary").json()
    assert (refused["code"], refused["details"][0]["domain"]) == (14, "reelmesh.edge")
    other = new_movie(web, boss)  # nothing about it is in a cache
    assert "PART_SUMMARY" in web.get(f"{other}:details").json()["unavailableParts"]
    assert "fault    reelmesh.rating.v1.RatingService/GetRatingSummary: 100 % UNAVAILABLE" in reelmesh(meshed, "status")
    reelmesh(meshed, "fault", "rating", "BatchGetRatingSummaries", "--clear")
    eventually(lambda: "summary" in web.get(f"{other}:details").json(), _SOON)
    reelmesh(meshed, "fault", "movie", "GetMovie", "--delay", "300ms")
    eventually(lambda: web.get(path).elapsed.total_seconds() >= 0.3, _SOON)
    rules.clear()
    eventually(lambda: web.get(path).elapsed.total_seconds() < 0.3, _SOON)


def test_callers_that_leave_take_nothing_from_pages_that_were_asked_for_together_with_theirs(
    meshed: WholeStack, web: httpx.Client, boss: Headers, rules: RulesFile
) -> None:
    """The first to ask carries the question of both, and with it goes whatever its request has in Envoy."""
    reelmesh(meshed, "fault", "rating", "BatchGetRatingSummaries", "--delay", "150ms")
    eventually(lambda: web.get(f"{new_movie(web, boss)}:details").elapsed.total_seconds() >= 0.15, _SOON)
    names = [new_movie(web, boss).removeprefix("/v1/") for _ in range(3)]
    with grpc.insecure_channel(meshed.process("movie-1").address) as channel:
        ask = MovieServiceStub(channel).GetMovieDetails.future
        ahead = ask(GetMovieDetailsRequest(name=names[0]))
        time.sleep(0.05)  # while its answer is out, those who ask are gathered
        first, other = (ask(GetMovieDetailsRequest(name=name)) for name in names[1:])
        same = ask(GetMovieDetailsRequest(name=names[1]))  # waits for what the first has begun
        time.sleep(0.05)
        first.cancel()
        pages = {"ahead": ahead, "other": other, "same": same}
        missing = {who: list(page.result(timeout=5).unavailable_parts) for who, page in pages.items()}
        assert not any(missing.values()), missing


@pytest.mark.parametrize("killed", ["control-plane", "control-plane-2"])
def test_one_of_two_control_planes_killed_fails_no_call_and_changes_arrive(
    meshed: WholeStack, web: httpx.Client, boss: Headers, rules: RulesFile, killed: str
) -> None:
    path = new_movie(web, boss)
    pid = kill(meshed, killed)
    began = time.monotonic()
    rules.write(NO_RULES.with_canary("rating", {"v2": 0}))
    edge = (meshed.directory.edge / "admin.address").read_text().strip()
    eventually(lambda: "rating-v2-1" not in received(meshed, edge), _SOON)
    while not is_back(meshed, killed, pid):
        assert web.get(f"{path}:details", headers=boss).json()["unavailableParts"] == []
        assert time.monotonic() - began < 60
        time.sleep(0.02)

    def both_know_the_canary() -> bool:
        view = json.loads(reelmesh(meshed, "mesh", "--json"))
        found = {name: [each["context"] for each in plane["mesh"].get("canaries", ())] for name, plane in view.items() if plane}
        return found == {key: ["rating"] for key in ("control-plane", "control-plane-2")}

    eventually(both_know_the_canary)


def test_operators_see_endpoints_clients_and_what_they_acknowledged(meshed: WholeStack) -> None:
    view = json.loads(reelmesh(meshed, "mesh", "--json"))
    (rating,) = (each for each in view["control-plane"]["clusters"] if each["name"] == "rating")
    assert {(each["instanceId"], each["zone"], each["version"], each["health"]) for each in rating["endpoints"]} == {
        ("rating-1", "a", "dev", "HEALTH_SERVING"),
        ("rating-2", "b", "dev", "HEALTH_SERVING"),
        ("rating-v2-1", "a", "v2", "HEALTH_SERVING"),
    }
    clients = {client["nodeId"]: client for plane in view.values() for client in plane["clients"]}
    assert set(clients) >= {"edge", "movie-1", "rating-1", "rating-2", "rating-v2-1", "metadata-1"}
    states = {each["state"] for client in clients.values() for each in client["subscriptions"]}
    assert states == {"STATE_ACKNOWLEDGED"}
    assert all(not plane["mesh"].get("refusals") for plane in view.values())
    shown = reelmesh(meshed, "mesh")
    assert [words for words in ("2 of 2 control planes", "rating-v2-1", "service-host", "serving") if words not in shown] == []


def test_only_administrators_may_ask_a_control_plane(meshed: WholeStack, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "stack", "call", "ControlPlaneService.GetMesh", "--address", meshed.process("control-plane").address]
    for token, words in (("", "TOKEN_MISSING"), (meshed.token(), "ROLE_MISSING")):
        refused = subprocess.run([*argv, "--token", token], capture_output=True, text=True, timeout=60)
        assert refused.returncode == 1
        assert words in refused.stderr
    asked = subprocess.run([*argv, "--token", meshed.token("users/admin", ["ADMIN"])], capture_output=True, text=True, timeout=60)
    assert json.loads(asked.stdout)["mesh"]["clusterCount"] == len(CONTEXTS)
