"""Prometheus metrics of lists, models and how far a replica is behind."""

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5)

stage_seconds = Histogram(
    "reelmesh_recommender_stage_seconds",
    "Time of each stage of a list that was not kept ready",
    ["stage"],
    buckets=_SECONDS,
)
lists = Counter("reelmesh_recommender_lists_total", "Lists made, by how much was known", ["level"])
behind = Gauge("reelmesh_recommender_interactions_behind", "Interactions that are stored and not yet in this replica's memory")
model_age = Gauge("reelmesh_recommender_model_age_seconds", "Time since the model that this replica serves was trained; 0 without one")
coverage = Gauge("reelmesh_recommender_coverage_ratio", "Share of the active movies that was in a list during the last day")
drift = Gauge("reelmesh_recommender_score_drift", "Population stability index of the scores against the first ones of the same model")
experiment_lists = Counter(
    "reelmesh_recommender_experiment_lists_total", "Lists of users who take part in an A/B experiment", ["arm", "level"]
)
exposures_dropped = Counter("reelmesh_recommender_exposures_dropped_total", "Lists of an experiment that were not written down")
shadow_overlap = Histogram(
    "reelmesh_recommender_shadow_overlap_ratio",
    "Share of the first ten movies that a shadow's list has in common with the active model's",
    buckets=tuple(tenth / 10 for tenth in range(11)),
)
shadow_seconds = Histogram(
    "reelmesh_recommender_shadow_seconds",
    "Time of a list that was made for comparison only",
    ["model"],
    buckets=_SECONDS,
)
trainings = Counter("reelmesh_recommender_trainings_total", "Trainings that ended, by outcome", ["outcome"])
