"""Accounts, sessions with their refresh tokens, codes, counters, erasures and the audit log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from mesh.postgres.tables import create_mesh_tables, drop_mesh_tables

revision = "0001"
down_revision = None

_time = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    create_mesh_tables(op)
    op.create_table(
        "accounts",
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
    op.create_table(
        "sessions",
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
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("session_id", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False, comment="in its session, from 1"),
        sa.Column("use_time", _time),
        sa.Column(
            "salt", sa.LargeBinary, nullable=False, server_default=sa.text("''::bytea"), comment="with the token, makes the next one"
        ),
        sa.PrimaryKeyConstraint("token_hash", name="refresh_tokens_pkey"),
        sa.UniqueConstraint("session_id", "number", name="refresh_tokens_are_one_chain"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.session_id"], name="refresh_tokens_of_sessions", ondelete="CASCADE"),
    )
    op.create_table(
        "devices",
        sa.Column("device_hash", sa.LargeBinary, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("login_time", _time, nullable=False, comment="the last one"),
        sa.PrimaryKeyConstraint("device_hash", "user_id", name="devices_pkey"),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.user_id"], name="devices_of_accounts", ondelete="CASCADE"),
        sa.Index("devices_of_user", "user_id"),
        sa.Index("devices_by_login", "login_time"),
    )
    op.create_table(
        "challenges",
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
    op.create_table(
        "attempts",
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("last_time", _time, nullable=False),
        sa.Column("free_time", _time, nullable=False, comment="when the next one may be made"),
        sa.Column("forget_time", _time, nullable=False),
        sa.PrimaryKeyConstraint("key", name="attempts_pkey"),
        sa.Index("attempts_by_forgetting", "forget_time"),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "erasures",
        sa.Column("erasure_id", sa.Text, nullable=False),
        sa.Column("create_time", _time, nullable=False),
        sa.PrimaryKeyConstraint("erasure_id", name="erasures_pkey"),
    )
    op.create_table(
        "erasure_parts",
        sa.Column("erasure_id", sa.Text, nullable=False),
        sa.Column("context", sa.Text, nullable=False),
        sa.Column("done_time", _time),
        sa.PrimaryKeyConstraint("erasure_id", "context", name="erasure_parts_pkey"),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasures.erasure_id"], name="erasure_parts_of_erasures"),
    )
    op.create_table(
        "audit_entries",
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
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$
    """)
    op.execute("""
        CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def downgrade() -> None:
    op.execute("DROP TRIGGER audit_entries_stay ON audit_entries")
    op.execute("DROP FUNCTION refuse_change()")
    op.drop_table("audit_entries")
    op.drop_table("erasure_parts")
    op.drop_table("erasures")
    op.drop_table("attempts")
    op.drop_table("challenges")
    op.drop_table("devices")
    op.drop_table("refresh_tokens")
    op.drop_table("sessions")
    op.drop_table("accounts")
    drop_mesh_tables(op)
