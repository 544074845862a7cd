"""R18: every RPC over HTTP/JSON and over gRPC with generated requests gives the same answers and the same errors."""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import grpc
import httpx
import pytest
from google.api.httpbody_pb2 import HttpBody
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reelmesh.booking.v1.showtime_pb2 import Showtime
from stack.whole import WholeStack
from tests.contract.generated.broken import broken
from tests.contract.generated.http_form import NoHttpForm, http_form, http_form_of_stream
from tests.contract.generated.messages import Known, valid
from tests.contract.generated.methods import Method, methods
from tests.e2e.accounts import PASSWORD, Person, code_for, logged_in, new_email, person, registered
from tests.e2e.answers import Answer, comparable, over_grpc, over_http
from tests.e2e.cinemas import names_of, opened, showing
from tests.e2e.conftest import Headers, bearer

T = TypeVar("T")

FEW, MANY = 20, 1_000
_PATIENCE = 5
_TRAINING_SECONDS = 60.0
_DATE = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_ID = "[a-z0-9][a-z0-9-]{0,62}"
_DEMO = ("tt0114709", "tt0088247", "tt0211915")
USERS = ("users/alice", "users/bob")
# What they need to succeed (secrets, times that fit) nobody can make up; they have a test of their own, and here they are refused alike.
_NOT_MADE_UP = frozenset(
    f"{service}.{method}"
    for service, names in {
        "AccountService": ("VerifyEmail", "ChangePassword", "ResetPassword"),
        "SessionService": ("LogIn", "Refresh", "RevokeSession"),
        "ShowtimeService": ("CreateShowtime", "UpdateShowtime"),
    }.items()
    for method in names
)

# A body of another's making has one form by HTTP and another by gRPC; what comes of it is a matter of its own tests.
_BOTH_WAYS = [
    method for method in methods() if not any(each.message_type is HttpBody.DESCRIPTOR for each in method.descriptor.input_type.fields)
]
READING = [pytest.param(method, id=method.name) for method in _BOTH_WAYS if method.policy.reads_only]
CHANGING = [pytest.param(method, id=method.name) for method in _BOTH_WAYS if not method.policy.reads_only]
SIZES = pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])


class Both:
    """One request, both ways."""

    def __init__(self, http: httpx.Client, channel: grpc.Channel) -> None:
        self._http, self._channel = http, channel

    def answers(
        self, method: Method, requests: list[Message], caller: Headers, later: Callable[[], Headers] | None = None
    ) -> tuple[Answer, Answer] | None:
        """None when HTTP has no form of the request."""
        try:
            form = http_form_of_stream(method, requests) if method.policy.client_streaming else http_form(method, requests[0])
        except (NoHttpForm, ValueError, TypeError):  # no path, or a value that JSON cannot say
            return None
        first = comparable(method, over_grpc(self._channel, method, requests, caller))
        return first, comparable(method, over_http(self._http, method, form, later() if later else caller))

    def must_agree(
        self, method: Method, requests: list[Message], caller: Headers, later: Callable[[], Headers] | None = None
    ) -> Answer | None:
        """`later` makes the caller of the second way when the first one may have ended the caller's session."""
        both = self.answers(method, requests, caller, later)
        for _ in range(_PATIENCE if method.policy.reads_only else 0):
            if both is None or both[1].by_the_edge or both[0].content == both[1].content:
                break
            time.sleep(0.2)  # an event has arrived between the two: search follows changes, it does not come with them
            both = self.answers(method, requests, caller)
        if both is None:
            return None
        by_grpc, by_http = both
        assert by_grpc.code not in (2, 13), f"{method.name} broke: {by_grpc}"
        if by_http.by_the_edge:  # Envoy saw before the service, which asks first who calls, that it cannot be
            assert by_http.code == 3, by_http
            assert by_grpc.code in (3, 7, 16), by_grpc
            return None
        assert (by_http.code, by_http.content) == (by_grpc.code, by_grpc.content)
        assert by_http.http_status == by_grpc.http_status
        return by_grpc


@pytest.fixture(scope="module")
def both(http: httpx.Client, channel: grpc.Channel) -> Both:
    return Both(http, channel)


@pytest.fixture(scope="module")
def callers(stack: WholeStack) -> Mapping[str, Headers]:
    """All sorts of people, each asking in one language."""
    tokens = {"admin": stack.token("users/admin", ["ADMIN", "USER"]), "user": stack.token("users/alice")}
    return {
        "anonymous": {"accept-language": "de"},
        **{name: bearer(token) | {"accept-language": "pt-BR"} for name, token in tokens.items()},
    }


def what_exists(movies: Sequence[str], learned: Known) -> Known:
    names = tuple(f"movies/{movie}" for movie in movies)
    return {
        f"movies/{_ID}": names,
        f"movies/{_ID}/metadata": tuple(f"{name}/metadata" for name in names),
        f"movies/{_ID}/ratingSummary": tuple(f"{name}/ratingSummary" for name in names),
        f"movies/{_ID}/reviews/{_ID}": tuple(f"{name}/reviews/one" for name in names),
        f"movies/{_ID}/ratings/{_ID}": tuple(f"{name}/ratings/alice" for name in names),
        f"(movies|users)/{_ID}": names + USERS,
        f"users/{_ID}": USERS,
        f"people/{_ID}": ("people/john-lasseter", "people/audrey-tautou"),
        _ID: ("drama", "animation", "comedy"),
        **of_alice(movies[-2:]),
        _DATE: ("",),
        **learned,
    }


def of_alice(movies: Sequence[str]) -> Known:
    """Her library, as the fixture `own` made it; the playlist has the id of the first movie."""
    alice, playlist = "users/alice", f"users/alice/playlists/{movies[0]}"
    shelves = ("watchlist", "favorites", "history")
    return {
        **{f"users/{_ID}/{shelf}/{_ID}": tuple(f"{alice}/{shelf}/{movie}" for movie in movies) for shelf in shelves},
        f"users/{_ID}/playlists/{_ID}": (playlist,),
        f"users/{_ID}/playlists/{_ID}/entries/{_ID}": tuple(f"{playlist}/entries/{movie}" for movie in movies),
        f"users/{_ID}/(watchlist|favorites|history|playlists/{_ID})": (*(f"{alice}/{shelf}" for shelf in shelves), playlist),
        r"[^\r\n]*": ("Title,Year,imdbID", "Toy Story,1995,tt0114709", "Amélie,2001,"),
    }


@pytest.fixture(scope="module")
def learned(http: httpx.Client, callers: Mapping[str, Headers]) -> Known:
    """Two models that were active, with their trainings, and an experiment that has ended."""
    names: dict[str, list[str]] = {"trainings": [], "models": []}
    while len(names["models"]) < 2:
        training = http.post("/v1/models:train", json={}, headers=callers["admin"]).json()
        limit = time.monotonic() + _TRAINING_SECONDS
        while not training.get("endTime"):
            assert time.monotonic() < limit, training
            time.sleep(0.2)
            training = http.get(f"/v1/{training['name']}", headers=callers["admin"]).json()
        assert training["state"] == "STATE_SUCCEEDED", training
        names["trainings"].append(training["name"])
        names["models"].append(training["model"])
    experiment = {"mode": "MODE_SHADOW", "candidate": names["models"][0], "share": 0.5}
    tried = http.post("/v1/experiments", json=experiment, headers=callers["admin"]).json()["name"]
    assert http.post(f"/v1/{tried}:stop", json={}, headers=callers["admin"]).status_code == 200
    tries = {f"experiments/{_ID}": (tried,), f"experiments/{_ID}/report": (f"{tried}/report",)}
    return {f"{kind}/{_ID}": found for kind, found in names.items()} | tries


@pytest.fixture
def people(request: pytest.FixtureRequest, http: httpx.Client, stack: WholeStack, callers: Mapping[str, Headers]) -> Known:
    """For methods of identity two accounts, and the erasure of a third."""
    if request.node.callspec.params["method"].policy.context != "identity":
        return {}
    erasure = http.post(f"/v1/{person(http, stack).name}:delete", json={}, headers=callers["admin"]).json()
    accounts = [person(http, stack) for _ in range(2)]
    return {f"users/{_ID}": tuple(each.name for each in accounts), f"erasures/{_ID}": (erasure["name"],)}


@pytest.fixture
def cinema(request: pytest.FixtureRequest, http: httpx.Client, callers: Mapping[str, Headers]) -> Known:
    """For methods of booking."""
    if request.node.callspec.params["method"].policy.context != "booking":
        return {}
    venue = f"same-{uuid.uuid4().hex[:8]}"
    opened(http, callers["admin"], venue, _DEMO[0])
    return names_of(venue, _ID)


@pytest.fixture
def own(http: httpx.Client, callers: Mapping[str, Headers]) -> Iterator[Sequence[str]]:
    """Movies that a test may do anything to, rated, reviewed and on every list, the last one deleted: the demo catalogue stays as it is."""
    admin, user = callers["admin"], callers["user"]
    movies = [f"same-{uuid.uuid4().hex[:8]}" for _ in range(2)]
    alice, playlist = "/v1/users/alice", f"/v1/users/alice/playlists/{movies[0]}"
    best = {"title": "Best", "visibility": "VISIBILITY_PUBLIC"}
    assert http.post(f"{alice}/playlists", params={"playlistId": movies[0]}, json=best, headers=user).status_code == 200
    for movie in movies:
        path, review = f"/v1/movies/{movie}", {"languageCode": "en", "text": "Same."}
        made = [
            http.post("/v1/movies", params={"movieId": movie}, json={"title": f"The Same {movie}"}, headers=admin),
            http.post(f"{path}/reviews", params={"reviewId": "one"}, json=review, headers=user),
            http.post(f"{path}:rate", json={"score": 3}, headers=user),
            http.post(f"{alice}/watchlist/{movie}:add", json={}, headers=user),
            http.post(f"{alice}/favorites/{movie}:add", json={}, headers=user),
            http.post(f"{alice}/history/{movie}:record", json={"position": "60s", "duration": "5400s"}, headers=user),
            http.post(f"{playlist}/entries/{movie}:add", json={}, headers=user),
        ]
        assert [answer.status_code for answer in made] == [200] * len(made)
    assert http.delete(f"/v1/movies/{movies[-1]}", headers=admin).status_code == 200
    yield movies
    http.delete(playlist, headers=user)
    for movie in movies:
        http.delete(f"/v1/movies/{movie}", headers=admin)


def run(examples: int, cases: st.SearchStrategy[T], check: Callable[[T], None]) -> None:
    """`check` with that many cases."""
    phases = [Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink]
    chosen = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=examples == FEW,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )
    chosen(given(cases)(check))()


@SIZES
@pytest.mark.parametrize("method", READING)
def test_reading_answers_the_same(
    method: Method,
    examples: int,
    both: Both,
    own: Sequence[str],
    learned: Known,
    people: Known,
    cinema: Known,
    callers: Mapping[str, Headers],
) -> None:
    requests = valid(method.descriptor.input_type, what_exists([*_DEMO, *own], {**learned, **people, **cinema}))
    agreed: list[Answer] = []

    cases = st.tuples(requests, st.sampled_from(sorted(callers)))

    def check(case: tuple[Message, str]) -> None:
        request, caller = case
        if answer := both.must_agree(method, [request], callers[caller]):
            agreed.append(answer)

    run(examples, cases, check)
    assert any(answer.code == 0 for answer in agreed), f"only errors: {sorted({answer.reason for answer in agreed})}"


@SIZES
@pytest.mark.parametrize("method", CHANGING)
def test_a_change_sent_both_ways_is_one_change_with_one_answer(
    method: Method,
    examples: int,
    both: Both,
    own: Sequence[str],
    learned: Known,
    people: Known,
    cinema: Known,
    callers: Mapping[str, Headers],
) -> None:
    """The request_id makes the second of the two a replay; an import, which has none, only checks."""
    agreed: list[Answer] = []

    known = what_exists(own, {**learned, **people, **cinema})
    cases = st.tuples(valid(method.descriptor.input_type, known), st.sampled_from(["admin", "admin", "user"]))

    def check(case: tuple[Message, str]) -> None:
        request, caller = case
        request.request_id = str(uuid.uuid4())  # type: ignore[attr-defined]  # every change has one
        if method.policy.client_streaming:
            request.validate_only = True  # type: ignore[attr-defined]  # every import has it
        if answer := both.must_agree(method, [request], callers[caller]):
            agreed.append(answer)

    run(examples, cases, check)
    succeeded = any(answer.code == 0 for answer in agreed)
    assert succeeded or method.name in _NOT_MADE_UP, f"only errors: {sorted({answer.reason for answer in agreed})}"


def right_requests(http: httpx.Client, stack: WholeStack, admin: Headers) -> Iterator[tuple[str, dict[str, Any], Person | Headers | None]]:
    """Method, fields and caller, one for each method of _NOT_MADE_UP."""
    email = new_email()
    registration, code = registered(http, stack, email)
    yield "AccountService.VerifyEmail", {"registration": registration, "code": code}, None
    yield "SessionService.LogIn", {"email": email, "password": PASSWORD}, None
    who = person(http, stack)
    yield "SessionService.Refresh", {"refresh_token": logged_in(http, who)["refreshToken"]}, None
    session = http.post("/v1/sessions:logIn", json={"email": who.email, "password": PASSWORD}).json()["session"]["name"]
    yield "SessionService.RevokeSession", {"name": session}, who
    reset = http.post("/v1/accounts:requestPasswordReset", json={"email": who.email}).json()["reset"]
    given = {"reset": reset, "code": code_for(stack, who.email, after=1), "new_password": PASSWORD}
    yield "AccountService.ResetPassword", given, None
    yield "AccountService.ChangePassword", {"name": who.name, "current_password": PASSWORD, "new_password": PASSWORD}, who
    venue = f"same-{uuid.uuid4().hex[:8]}"
    opened(http, admin, venue, _DEMO[0])
    showtime = ParseDict(showing(venue, _DEMO[0], days=3), Showtime())
    yield "ShowtimeService.CreateShowtime", {"showtime": showtime, "showtime_id": f"{venue}-3"}, admin
    showtime.name, showtime.language_code = f"showtimes/{venue}-3", "fr"
    yield "ShowtimeService.UpdateShowtime", {"showtime": showtime}, admin


def test_what_only_its_owner_can_ask_for_is_answered_the_same(
    http: httpx.Client, stack: WholeStack, both: Both, callers: Mapping[str, Headers]
) -> None:
    asked = set()
    by_name = {method.name: method for method in methods()}
    for name, fields, caller in right_requests(http, stack, callers["admin"]):
        method = by_name[name]
        request = method.request_type(request_id=str(uuid.uuid4()), **fields)

        def session(caller: Person | Headers | None = caller) -> Headers:
            return bearer(logged_in(http, caller)["accessToken"]) if isinstance(caller, Person) else caller or {}

        answer = both.must_agree(method, [request], session(), session)
        assert answer is not None, name
        assert answer.code == 0, (name, answer)
        asked.add(name)
    assert asked == _NOT_MADE_UP


@SIZES
@pytest.mark.parametrize("method", READING + CHANGING)
def test_a_broken_request_is_refused_the_same(
    method: Method, examples: int, both: Both, own: Sequence[str], learned: Known, cinema: Known, callers: Mapping[str, Headers]
) -> None:
    strategy = broken(method.descriptor.input_type, what_exists(own, {**learned, **cinema}))
    if strategy is None:
        pytest.skip("nothing in the request can be wrong")

    cases = st.tuples(strategy, st.sampled_from(sorted(callers)))

    def check(case: tuple[Message, str]) -> None:
        request, caller = case
        if not method.policy.reads_only and not request.request_id:  # type: ignore[attr-defined]  # every change has one
            request.request_id = str(uuid.uuid4())  # type: ignore[attr-defined]  # one that is not broken after all is done once
        answer = both.must_agree(method, [request], callers[caller])
        assert answer is None or answer.code in (0, 3, 5, 6, 7, 9, 10, 16), answer

    run(examples, cases, check)
