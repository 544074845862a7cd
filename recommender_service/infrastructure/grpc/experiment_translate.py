"""Experiments and their reports between domain and contract."""

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration

from mesh.errors import InvalidArgument, Violation
from mesh.timestamps import timestamp
from recommender_service.application.experiment_commands import Trial
from recommender_service.domain import statistics
from recommender_service.domain.experiments import DAY, LONGEST_WINDOW, Experiment, Mode
from recommender_service.domain.statistics import ArmTotals, ComparisonTotals
from recommender_service.infrastructure.grpc.names import experiment_name, id_of, model_name
from reelmesh.recommender.v1 import experiment_pb2 as pb


def trial_from(message: pb.Experiment, experiment_id: str) -> Trial:
    """Raises InvalidArgument for what the contract says in words only."""
    window, violations = DAY, []
    if message.HasField("outcome_window"):
        window = message.outcome_window.ToTimedelta()
        if not timedelta(seconds=1) <= window <= LONGEST_WINDOW or window % timedelta(seconds=1):
            violations.append(Violation("experiment.outcome_window", "is not of whole seconds from one to 90 days"))
    mode = Mode(message.mode)
    if mode is Mode.AB and message.share >= 1:
        violations.append(Violation("experiment.share", "leaves no user to the active model"))
    if violations:
        raise InvalidArgument(violations)
    return Trial(experiment_id, mode, id_of(message.candidate), message.share, window)


def experiment_message(experiment: Experiment) -> pb.Experiment:
    return pb.Experiment(
        name=experiment_name(experiment.experiment_id),
        mode=experiment.mode.value,  # type: ignore[arg-type]  # the numbers are those of the contract, as a test sees to
        candidate=model_name(experiment.candidate),
        share=experiment.share,
        outcome_window=_duration(experiment.outcome_window.total_seconds()),
        control=model_name(experiment.control),
        state=experiment.state.value,  # type: ignore[arg-type]  # as above
        reason=experiment.reason,
        create_time=timestamp(experiment.create_time),
        stop_time=timestamp(experiment.stop_time) if experiment.stop_time else None,
    )


def ab_report(experiment: Experiment, control: ArmTotals, candidate: ArmTotals) -> pb.ExperimentReport:
    responding = [statistics.proportion(arm.responding, arm.users) for arm in (control, candidate)]
    p_value = statistics.sample_ratio_p(candidate.users, control.users, experiment.share)
    return pb.ExperimentReport(
        name=f"{experiment_name(experiment.experiment_id)}/report",
        control=_arm(experiment.control, control),
        candidate=_arm(experiment.candidate, candidate),
        responding_users_difference=_estimate(statistics.proportion_difference(responding[1], responding[0])),
        outcome_rate_difference=_estimate(statistics.rate_difference(candidate, control)),
        sample_ratio_p_value=p_value,
        sample_ratio_mismatch=p_value < statistics.MISMATCH,
    )


def shadow_report(experiment: Experiment, totals: ComparisonTotals) -> pb.ExperimentReport:
    return pb.ExperimentReport(
        name=f"{experiment_name(experiment.experiment_id)}/report",
        comparison=pb.ExperimentReport.Comparison(
            list_count=totals.lists,
            skipped_count=totals.skipped,
            failed_count=totals.failed,
            overlap=_estimate(statistics.mean(totals.overlap, totals.overlap_squared, totals.lists)),
            same_first=_estimate(statistics.proportion(totals.same_first, totals.lists)),
            active_latency=_duration(totals.active_seconds / max(1, totals.lists)),
            candidate_latency=_duration(totals.candidate_seconds / max(1, totals.lists)),
        ),
    )


def _arm(model_id: str, totals: ArmTotals) -> pb.ExperimentReport.Arm:
    return pb.ExperimentReport.Arm(
        model=model_name(model_id),
        user_count=totals.users,
        list_count=totals.lists,
        shown_count=totals.shown,
        outcome_count=totals.outcomes,
        responding_user_count=totals.responding,
        responding_users=_estimate(statistics.proportion(totals.responding, totals.users)),
        outcome_rate=_estimate(statistics.rate(totals)),
    )


def _estimate(found: statistics.Estimate) -> pb.Estimate:
    return pb.Estimate(value=found.value, lower=found.lower, upper=found.upper)


def _duration(seconds: float) -> Duration:
    message = Duration()
    message.FromTimedelta(timedelta(seconds=seconds))
    return message
