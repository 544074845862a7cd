"""Prometheus metrics of lists, models and how far a replica is behind."""

from prometheus_client import Counter, Gauge, Histogram

stage_seconds = Histogram(
    "reelmesh_recommender_stage_seconds",
    "Time of each stage of a list that was not kept ready",
    ["stage"],
    buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5),
)
lists = Counter("reelmesh_recommender_lists_total", "Lists made, by how much was known", ["level"])
behind = Gauge("reelmesh_recommender_interactions_behind", "Interactions that are stored and not yet in this replica's memory")
model_age = Gauge("reelmesh_recommender_model_age_seconds", "Time since the model that this replica serves was trained; 0 without one")
coverage = Gauge("reelmesh_recommender_coverage_ratio", "Share of the active movies that was in a list during the last day")
drift = Gauge("reelmesh_recommender_score_drift", "Population stability index of the scores against the first ones of the same model")
trainings = Counter("reelmesh_recommender_trainings_total", "Trainings that ended, by outcome", ["outcome"])
