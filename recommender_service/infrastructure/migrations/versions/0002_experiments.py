"""Experiments, what users were shown in them, and how shadows compared."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0002"
down_revision = "0001"

_time = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "experiments",
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
    op.create_table(
        "exposures",
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("experiment_id", sa.Text, nullable=False),
        sa.Column("exposed_at", _time, nullable=False),
        sa.Column("candidate", sa.Boolean, nullable=False, comment="whose list it was"),
        sa.Column("movie_nos", ARRAY(sa.Integer), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "experiment_id", "exposed_at", name="exposures_pkey"),
        sa.ForeignKeyConstraint(["experiment_id"], ["experiments.experiment_id"], name="exposures_of_known_experiments"),
        sa.Index("exposures_of_experiment", "experiment_id"),
    )
    op.create_table(
        "comparisons",
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


def downgrade() -> None:
    for table in ("comparisons", "exposures", "experiments"):
        op.drop_table(table)
