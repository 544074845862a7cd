"""Payments for bookings, with what has happened to them in the audit."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_time = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "payments",
        sa.Column("payment_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("booking_id", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False, comment="minor units"),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("charge", sa.SmallInteger, nullable=False, comment="domain.payments.Charge"),
        sa.Column("goal", sa.SmallInteger, nullable=False, comment="domain.payments.Goal"),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("due_time", _time, nullable=True),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("create_time", _time, nullable=False),
        sa.Column("update_time", _time, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("actor", "address", "trace_id")),
        sa.PrimaryKeyConstraint("payment_id", name="payments_pkey"),
        sa.CheckConstraint("amount > 0", name="payments_are_of_money"),
        sa.CheckConstraint("charge BETWEEN 1 AND 7", name="payments_charge_is_known"),
        sa.CheckConstraint("goal BETWEEN 1 AND 3", name="payments_goal_is_known"),
        sa.Index("payments_of_booking", "user_id", "booking_id", "create_time"),
        sa.Index("payments_one_at_a_time", "user_id", "booking_id", unique=True, postgresql_where=sa.text("charge < 5")),
        sa.Index("payments_due", "due_time", postgresql_where=sa.text("due_time IS NOT NULL")),
    )
    op.create_index("showtimes_canceled", "showtimes", ["showtime_id"], postgresql_where=sa.text("state = 2"))
    op.execute("""
        CREATE FUNCTION write_down_payment() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO audit_entries (create_time, actor, address, trace_id, resource, action, detail)
            VALUES (
                clock_timestamp(), NEW.actor, NEW.address, NEW.trace_id, 'users/' || NEW.user_id || '/bookings/' || NEW.booking_id,
                CASE TG_OP WHEN 'INSERT' THEN 'PAY' ELSE 'PAYMENT' END,
                jsonb_build_object('payment', NEW.payment_id, 'amount', NEW.amount, 'currency', NEW.currency, 'charge', NEW.charge,
                    'goal', NEW.goal, 'reference', NEW.reference)
            );
            RETURN NULL;
        END $$
    """)
    op.execute("CREATE TRIGGER payments_are_written_down AFTER INSERT ON payments FOR EACH ROW EXECUTE FUNCTION write_down_payment()")
    op.execute("""
        CREATE TRIGGER changes_of_payments_are_written_down AFTER UPDATE ON payments FOR EACH ROW
        WHEN (OLD.charge <> NEW.charge OR OLD.goal <> NEW.goal) EXECUTE FUNCTION write_down_payment()
    """)


def downgrade() -> None:
    op.drop_index("showtimes_canceled", "showtimes")
    op.drop_table("payments")
    op.execute("DROP FUNCTION write_down_payment()")
