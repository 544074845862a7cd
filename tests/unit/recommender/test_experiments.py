"""Who is shown what in an experiment, and what counts as an answer to it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from recommender_service.domain.experiments import Experiment, ExperimentState, Mode, is_outcome
from recommender_service.domain.interactions import Kind

NOW = datetime(2026, 1, 1, tzinfo=UTC)
USERS = [f"user-{number}" for number in range(10_000)]


def experiment(share: float = 0.3, name: str = "first", mode: Mode = Mode.AB) -> Experiment:
    return Experiment(experiment_id=name, mode=mode, control="one", candidate="two", share=share, create_time=NOW)


def arm(tried: Experiment) -> set[str]:
    return {user for user in USERS if tried.shows_candidate(user)}


@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 0.99])
def test_as_many_users_as_the_share_says_are_shown_the_candidate(share: float) -> None:
    deviation = (len(USERS) * share * (1 - share)) ** 0.5
    assert len(arm(experiment(share))) == pytest.approx(len(USERS) * share, abs=4 * deviation)


def test_a_user_stays_in_an_arm_and_it_is_known_by_heart_what_every_replica_answers() -> None:
    assert [user for user in USERS[:12] if experiment().shows_candidate(user)] == ["user-0", "user-1", "user-4"]
    assert arm(experiment()) == arm(experiment())


def test_another_experiment_draws_anew() -> None:
    both = arm(experiment(0.5)) & arm(experiment(0.5, "second"))
    assert len(both) == pytest.approx(len(USERS) / 4, abs=200)


def test_whoever_was_in_a_smaller_share_is_in_a_larger_one() -> None:
    assert arm(experiment(0.1)) < arm(experiment(0.4))


def test_nobody_is_shown_a_shadow_and_who_has_no_account_no_candidate_at_all() -> None:
    assert not arm(experiment(1.0, mode=Mode.SHADOW))
    assert not experiment(0.999).shows_candidate("")


def test_an_experiment_ends_once() -> None:
    stopped = experiment().stopped("enough", NOW + timedelta(days=1))
    assert (stopped.state, stopped.reason, stopped.stop_time) == (ExperimentState.STOPPED, "enough", NOW + timedelta(days=1))
    assert stopped.failed("broken", NOW) is stopped
    assert experiment().failed("broken", NOW) == replace(experiment(), state=ExperimentState.FAILED, reason="broken", stop_time=NOW)


@pytest.mark.parametrize(
    ("kind", "value", "answers"),
    [
        (Kind.RATING, 8, True),
        (Kind.RATING, 7, False),
        (Kind.UNRATING, 0, False),
        (Kind.VIEW, 0, False),
        (Kind.CLICK, 0, True),
        (Kind.LIKE, 0, True),
        (Kind.DISLIKE, 0, False),
        (Kind.WATCH_PROGRESS, 0, False),
        (Kind.WATCH_PROGRESS, 1, True),
    ],
)
def test_what_answers_to_a_list(kind: Kind, value: int, answers: bool) -> None:
    assert is_outcome(kind, value) is answers
