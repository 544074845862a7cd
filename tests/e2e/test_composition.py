"""Everything in containers: the README's tour, a death, what watches it. Needs an engine, see docs/operations.md, With Docker."""

import os
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from deploy.dashboards import dashboards
from stack.topology import CONTEXTS
from tests.dashboards import queries
from tests.e2e.breaking import eventually
from tests.e2e.composition import Composition, composition
from tests.e2e.test_readme import tour, walk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

_OF_ONE_MACHINE = ("reelmesh status",)  # what asks the supervisor of `reelmesh up`
_LETTERS, _LETTERS_THERE = "cat .reelmesh/mailbox/*ada@example.org.txt", "cat /var/lib/mailbox/*ada@example.org.txt"
_MOVIE = "tt0114709"


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composition]:
    with composition(tmp_path_factory.mktemp("composition")) as running:
        running("run", "--rm", "-T", "demo")
        yield running


@pytest.fixture(scope="module")
def web(composed: Composition) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{composed.address('REELMESH_PORT')}", timeout=10, trust_env=False) as opened:
        yield opened


def test_the_tour_of_the_readme_is_true_in_containers(composed: Composition, tmp_path: Path) -> None:
    def there(command: str) -> str:
        letters = composed.shell("mailbox", _LETTERS_THERE)
        return command.replace("localhost:8080", composed.address("REELMESH_PORT")).replace(_LETTERS, letters)

    steps = ((there(command), expected) for command, expected in tour() if not command.startswith(_OF_ONE_MACHINE))
    walk(steps, tmp_path, f"{composed.script(tmp_path).parent}:{os.environ['PATH']}")


def test_a_killed_service_is_missed_and_comes_back(composed: Composition, web: httpx.Client) -> None:
    summary = f"/v1/movies/{_MOVIE}/ratingSummary"
    assert web.get("/readyz").json()["status"] == "ok"
    assert web.get(summary).status_code == 200
    composed.kill("rating")
    eventually(lambda: web.get(summary).status_code == 503, 10)
    assert web.get(f"/v1/movies/{_MOVIE}").status_code == 200, "what the others know goes on"
    eventually(lambda: web.get(summary).status_code == 200, 90)
    eventually(lambda: web.get("/readyz").json()["status"] == "ok", 30)


def test_calls_go_on_while_consul_and_the_control_plane_are_made_anew(composed: Composition, web: httpx.Client) -> None:
    """In other containers, perhaps at other addresses."""
    answers: list[int] = []
    with ThreadPoolExecutor(1) as aside:
        recreating = aside.submit(composed, "up", "--detach", "--wait", "--no-deps", "--force-recreate", "consul", "control-plane")
        while not recreating.done():
            answers.append(web.get(f"/v1/movies/{_MOVIE}:details").status_code)
            time.sleep(0.05)
        recreating.result()
    assert set(answers) == {200}
    assert len(answers) > 20
    eventually(lambda: web.get("/readyz").json()["status"] == "ok", 60)


def test_prometheus_scrapes_everything_and_can_answer_the_dashboards(composed: Composition) -> None:
    with httpx.Client(base_url=f"http://{composed.address('PROMETHEUS_PORT')}/api/v1", timeout=10, trust_env=False) as prometheus:

        def up() -> bool:
            targets = prometheus.get("/targets").json()["data"]["activeTargets"]
            labels = {(target["labels"]["context"], target["labels"]["kind"]) for target in targets if target["health"] == "up"}
            return labels >= {(context.name, "service") for context in CONTEXTS} | {("edge", "envoy"), ("control-plane", "control-plane")}

        eventually(up, 90)
        for document in dashboards().values():
            for query in queries(document):
                answer = prometheus.get("/query", params={"query": query}).json()
                assert answer["status"] == "success", f"{query}: {answer}"


def test_jaeger_has_the_trace_of_a_page(composed: Composition, web: httpx.Client) -> None:
    trace = "4" * 32
    assert web.get("/v1/movies/tt0211915:details", headers={"traceparent": f"00-{trace}-{'5' * 16}-01"}).status_code == 200

    def services() -> set[str]:
        answer = httpx.get(f"http://{composed.address('JAEGER_PORT')}/api/traces/{trace}", trust_env=False)
        processes = answer.json()["data"][0]["processes"] if answer.status_code == 200 else {}
        return {process["serviceName"] for process in processes.values()}

    eventually(lambda: services() >= {"edge", "movie", "rating", "metadata"}, 30)


def test_what_only_those_inside_may_reach_is_not_published(composed: Composition) -> None:
    published = composed("ps", "--format", "{{.Ports}}")
    assert "127.0.0.1:" in published
    assert not re.search(r"(0\.0\.0\.0|\[::\]):\d+->", published)
    assert httpx.get(f"http://{composed.address('CONSUL_PORT')}/v1/catalog/services", trust_env=False).json() in ({}, None), (
        "without a token"
    )
