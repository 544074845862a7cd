"""The tables of the context's database. No password, token, code or handle is in them, only hashes."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from mesh.postgres.tables import add_mesh_tables

metadata = sa.MetaData()
add_mesh_tables(metadata)

_time = sa.TIMESTAMP(timezone=True)

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False, comment="in lower case"),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("profile", JSONB, nullable=False),
    sa.Column("roles", ARRAY(sa.SmallInteger), nullable=False, comment="domain.accounts.Role"),
    sa.Column("state", sa.SmallInteger, nullable=False, comment="domain.accounts.AccountState"),
    sa.Column("create_time", _time, nullable=False),
    sa.Column("update_time", _time, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("user_id", name="accounts_pkey"),
    sa.UniqueConstraint("email", name="accounts_one_for_each_email"),
    sa.CheckConstraint("state BETWEEN 1 AND 2", name="accounts_state_is_known"),
    sa.CheckConstraint("email = lower(email)", name="accounts_email_is_normalised"),
    sa.Index("accounts_latest", "create_time", "user_id"),
    sa.Index("accounts_email_prefix", "email", postgresql_ops={"email": "text_pattern_ops"}),
    sa.Index(
        "accounts_display_name_prefix",
        sa.literal_column("lower(profile ->> 'display_name')").label("display_name"),
        postgresql_ops={"display_name": "text_pattern_ops"},
    ),
    sa.Index("accounts_roles", "roles", postgresql_using="gin"),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("session_id", sa.Text, nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("request_id", sa.Text, nullable=False, comment="of the login"),
    sa.Column("last_number", sa.Integer, nullable=False, comment="of its refresh tokens"),
    sa.Column("create_time", _time, nullable=False),
    sa.Column("refresh_time", _time, nullable=False),
    sa.Column("expire_time", _time, nullable=False),
    sa.PrimaryKeyConstraint("session_id", name="sessions_pkey"),
    sa.ForeignKeyConstraint(["user_id"], ["accounts.user_id"], name="sessions_of_accounts", ondelete="CASCADE"),
    sa.Index("sessions_of_user", "user_id", "create_time", "session_id"),
    sa.Index("sessions_one_for_each_login", "user_id", "request_id", unique=True, postgresql_where=sa.text("request_id <> ''")),
    sa.Index("sessions_by_expiry", "expire_time"),
)

# Used ones stay as long as their session: one that comes back is a copy in somebody's hands.
refresh_tokens = sa.Table(
    "refresh_tokens",
    metadata,
    sa.Column("token_hash", sa.LargeBinary, nullable=False),
    sa.Column("session_id", sa.Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False, comment="in its session, from 1"),
    sa.Column("use_time", _time),
    sa.Column("salt", sa.LargeBinary, nullable=False, server_default=sa.text("''::bytea"), comment="with the token, makes the next one"),
    sa.PrimaryKeyConstraint("token_hash", name="refresh_tokens_pkey"),
    sa.UniqueConstraint("session_id", "number", name="refresh_tokens_are_one_chain"),
    sa.ForeignKeyConstraint(["session_id"], ["sessions.session_id"], name="refresh_tokens_of_sessions", ondelete="CASCADE"),
)

devices = sa.Table(
    "devices",
    metadata,
    sa.Column("device_hash", sa.LargeBinary, nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("login_time", _time, nullable=False, comment="the last one"),
    sa.PrimaryKeyConstraint("device_hash", "user_id", name="devices_pkey"),
    sa.ForeignKeyConstraint(["user_id"], ["accounts.user_id"], name="devices_of_accounts", ondelete="CASCADE"),
    sa.Index("devices_of_user", "user_id"),
    sa.Index("devices_by_login", "login_time"),
)

# Not tied to accounts: there are challenges for addresses that have none, and nobody can tell them apart.
challenges = sa.Table(
    "challenges",
    metadata,
    sa.Column("handle_hash", sa.LargeBinary, nullable=False),
    sa.Column("purpose", sa.SmallInteger, nullable=False, comment="domain.codes.Purpose"),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("code_hash", sa.LargeBinary, nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("profile", JSONB, nullable=False),
    sa.Column("tries", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("expire_time", _time, nullable=False),
    sa.Column("use_time", _time),
    sa.PrimaryKeyConstraint("handle_hash", name="challenges_pkey"),
    sa.CheckConstraint("purpose BETWEEN 1 AND 2", name="challenges_purpose_is_known"),
    sa.Index("challenges_of_email", "email"),
    sa.Index("challenges_by_expiry", "expire_time"),
)

# Not worth a flush of the disk for each login: after a crash of PostgreSQL, and only then, it is empty.
attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("free_time", _time, nullable=False, comment="when the next one may be made"),
    sa.Column("forget_time", _time, nullable=False),
    sa.PrimaryKeyConstraint("key", name="attempts_pkey"),
    sa.Index("attempts_by_forgetting", "forget_time"),
    prefixes=["UNLOGGED"],
)

# Says nothing about whose account it was.
erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("erasure_id", sa.Text, nullable=False),
    sa.Column("create_time", _time, nullable=False),
    sa.PrimaryKeyConstraint("erasure_id", name="erasures_pkey"),
)

erasure_parts = sa.Table(
    "erasure_parts",
    metadata,
    sa.Column("erasure_id", sa.Text, nullable=False),
    sa.Column("context", sa.Text, nullable=False),
    sa.Column("done_time", _time),
    sa.PrimaryKeyConstraint("erasure_id", "context", name="erasure_parts_pkey"),
    sa.ForeignKeyConstraint(["erasure_id"], ["erasures.erasure_id"], name="erasure_parts_of_erasures"),
)

# Append-only: a trigger of the migration refuses everything else.
audit_entries = sa.Table(
    "audit_entries",
    metadata,
    sa.Column("entry_id", sa.Text, nullable=False),
    sa.Column("create_time", _time, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("trace_id", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("entry_id", name="audit_entries_pkey"),
    sa.Index("audit_entries_latest", "create_time", "entry_id"),
    sa.Index("audit_entries_of_subject", "subject", "create_time", "entry_id"),
    sa.Index("audit_entries_of_actor", "actor", "create_time", "entry_id"),
)
