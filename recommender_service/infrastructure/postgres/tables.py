"""The tables of the context's database.

Users and movies are numbered, so that interactions are narrow and a replica can keep them as plain records. Replicas follow
`interactions` by id and `movies` by change number; both are handed out under one lock (see `interactions.LOCK`), so that they become
visible in their order and no follower passes over one.
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from mesh.postgres.tables import add_mesh_tables

metadata = sa.MetaData()
add_mesh_tables(metadata)

_time = sa.TIMESTAMP(timezone=True)

users = sa.Table(
    "users",
    metadata,
    sa.Column("user_no", sa.Integer, sa.Identity(always=True), nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("user_no", name="users_pkey"),
    sa.UniqueConstraint("user_id", name="users_have_one_number"),
)

movie_changes = sa.Sequence("movie_changes", metadata=metadata)

movies = sa.Table(
    "movies",
    metadata,
    sa.Column("movie_no", sa.Integer, sa.Identity(always=True), nullable=False),
    sa.Column("movie_id", sa.Text, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False, comment="false: deleted, or only known from interactions"),
    sa.Column("genres", ARRAY(sa.Text), nullable=False, server_default="{}", comment="of the movie"),
    sa.Column("told_genres", ARRAY(sa.Text), nullable=False, server_default="{}", comment="of its metadata, which go first"),
    sa.Column("release_year", sa.Integer, nullable=False, server_default="0"),
    sa.Column("original_language", sa.Text, nullable=False, server_default=""),
    sa.Column("countries", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("change_no", sa.BigInteger, nullable=False, server_default=movie_changes.next_value()),
    sa.PrimaryKeyConstraint("movie_no", name="movies_pkey"),
    sa.UniqueConstraint("movie_id", name="movies_have_one_number"),
    sa.Index("movies_by_change", "change_no"),
)

# Append-only.
interactions = sa.Table(
    "interactions",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
    sa.Column("user_no", sa.Integer, nullable=False),
    sa.Column("movie_no", sa.Integer, nullable=False),
    sa.Column("kind", sa.SmallInteger, nullable=False, comment="domain.interactions.Kind"),
    sa.Column("value", sa.SmallInteger, nullable=False, comment="half stars or percent"),
    sa.Column("region", sa.Text, nullable=False, server_default=""),
    sa.Column("event_time", _time, nullable=False),
    sa.Column("source", sa.Text, nullable=False, server_default="", comment="of an imported rating"),
    sa.PrimaryKeyConstraint("id", name="interactions_pkey"),
    sa.ForeignKeyConstraint(["user_no"], ["users.user_no"], name="interactions_of_known_users"),
    sa.ForeignKeyConstraint(["movie_no"], ["movies.movie_no"], name="interactions_of_known_movies"),
    sa.CheckConstraint("kind BETWEEN 1 AND 7", name="interactions_kind_is_known"),
    sa.Index("interactions_of_user", "user_no", "id"),
    sa.Index("interactions_by_time", "event_time"),
    sa.Index("interactions_of_movie", "movie_no", "id"),
    sa.Index("interactions_of_source", "source", postgresql_where=sa.text("source <> ''")),
)

# Nothing that is told late brings them back, and replicas that follow it forget them.
erased_users = sa.Table(
    "erased_users",
    metadata,
    sa.Column("erase_no", sa.BigInteger, sa.Identity(always=True), nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("last_interaction", sa.BigInteger, nullable=False, comment="of all, when it was erased: positions never go back"),
    sa.PrimaryKeyConstraint("erase_no", name="erased_users_pkey"),
    sa.UniqueConstraint("user_id", name="erased_users_once"),
)

models = sa.Table(
    "models",
    metadata,
    sa.Column("model_id", sa.Text, nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False, comment="domain.models.ModelState"),
    sa.Column("refusal", sa.Text, nullable=False),
    sa.Column("metrics", JSONB, nullable=False),
    sa.Column("parameters", JSONB, nullable=False),
    sa.Column("user_count", sa.Integer, nullable=False),
    sa.Column("movie_count", sa.Integer, nullable=False),
    sa.Column("interaction_count", sa.Integer, nullable=False),
    sa.Column("data_time", _time),
    sa.Column("create_time", _time, nullable=False),
    sa.Column("activate_time", _time),
    sa.PrimaryKeyConstraint("model_id", name="models_pkey"),
    sa.CheckConstraint("state BETWEEN 1 AND 4", name="models_state_is_known"),
    sa.Index("models_one_is_active", "state", unique=True, postgresql_where=sa.text("state = 2")),
    sa.Index("models_latest", "create_time", "model_id"),
)

trainings = sa.Table(
    "trainings",
    metadata,
    sa.Column("training_id", sa.Text, nullable=False),
    sa.Column("model_id", sa.Text, nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False, comment="domain.models.TrainingState"),
    sa.Column("seed", sa.Integer, nullable=False),
    sa.Column("keep_inactive", sa.Boolean, nullable=False),
    sa.Column("progress", sa.Double, nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("create_time", _time, nullable=False),
    sa.Column("end_time", _time),
    sa.PrimaryKeyConstraint("training_id", name="trainings_pkey"),
    sa.CheckConstraint("state BETWEEN 1 AND 4", name="trainings_state_is_known"),
    sa.Index("trainings_one_at_a_time", sa.text("(state <= 2)"), unique=True, postgresql_where=sa.text("state <= 2")),
    sa.Index("trainings_latest", "create_time", "training_id"),
)

experiments = sa.Table(
    "experiments",
    metadata,
    sa.Column("experiment_id", sa.Text, nullable=False),
    sa.Column("mode", sa.SmallInteger, nullable=False, comment="domain.experiments.Mode"),
    sa.Column("control", sa.Text, nullable=False),
    sa.Column("candidate", sa.Text, nullable=False),
    sa.Column("share", sa.Double, nullable=False, comment="of the users (AB) or of the lists (SHADOW)"),
    sa.Column("outcome_seconds", sa.Integer, nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False, comment="domain.experiments.ExperimentState"),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("create_time", _time, nullable=False),
    sa.Column("stop_time", _time),
    sa.PrimaryKeyConstraint("experiment_id", name="experiments_pkey"),
    sa.CheckConstraint("mode BETWEEN 1 AND 2", name="experiments_mode_is_known"),
    sa.CheckConstraint("state BETWEEN 1 AND 3", name="experiments_state_is_known"),
    sa.ForeignKeyConstraint(["candidate"], ["models.model_id"], name="experiments_of_known_models"),
    sa.Index("experiments_one_is_running", "state", unique=True, postgresql_where=sa.text("state = 1")),
    sa.Index("experiments_latest", "create_time", "experiment_id"),
)

# Append-only, but for users who are erased.
exposures = sa.Table(
    "exposures",
    metadata,
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("experiment_id", sa.Text, nullable=False),
    sa.Column("exposed_at", _time, nullable=False),
    sa.Column("candidate", sa.Boolean, nullable=False, comment="whose list it was"),
    sa.Column("movie_nos", ARRAY(sa.Integer), nullable=False),
    sa.PrimaryKeyConstraint("user_id", "experiment_id", "exposed_at", name="exposures_pkey"),
    sa.ForeignKeyConstraint(["experiment_id"], ["experiments.experiment_id"], name="exposures_of_known_experiments"),
    sa.Index("exposures_of_experiment", "experiment_id"),
)

# What shadows were, added up: a row for each experiment.
comparisons = sa.Table(
    "comparisons",
    metadata,
    sa.Column("experiment_id", sa.Text, nullable=False),
    sa.Column("lists", sa.BigInteger, nullable=False),
    sa.Column("skipped", sa.BigInteger, nullable=False, comment="too many were waiting"),
    sa.Column("failed", sa.BigInteger, nullable=False),
    sa.Column("overlap", sa.Double, nullable=False),
    sa.Column("overlap_squared", sa.Double, nullable=False),
    sa.Column("same_first", sa.BigInteger, nullable=False),
    sa.Column("active_seconds", sa.Double, nullable=False),
    sa.Column("candidate_seconds", sa.Double, nullable=False),
    sa.PrimaryKeyConstraint("experiment_id", name="comparisons_pkey"),
    sa.ForeignKeyConstraint(["experiment_id"], ["experiments.experiment_id"], name="comparisons_of_known_experiments"),
)
