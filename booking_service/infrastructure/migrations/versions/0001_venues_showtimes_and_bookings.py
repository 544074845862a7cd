"""Venues, showtimes, bookings, the claims of seats, and the audit of all changes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, ExcludeConstraint

from mesh.postgres.tables import create_mesh_tables, drop_mesh_tables

revision = "0001"
down_revision = None

_time = sa.TIMESTAMP(timezone=True)


def _changed_by() -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in ("actor", "address", "trace_id")]


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    create_mesh_tables(op)
    op.create_table(
        "venues",
        sa.Column("venue_id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("street_address", sa.Text, nullable=False),
        sa.Column("region_code", sa.Text, nullable=False),
        sa.Column("time_zone", sa.Text, nullable=False),
        sa.Column("create_time", _time, nullable=False),
        sa.Column("update_time", _time, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("venue_id", name="venues_pkey"),
    )
    op.create_table(
        "layouts",
        sa.Column("layout_id", sa.Text, nullable=False),
        sa.Column("seats", JSONB, nullable=False, comment="[seat, zone, kind, x, y] in their order"),
        sa.Column("leave_no_single_seat", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("layout_id", name="layouts_pkey"),
    )
    op.create_table(
        "halls",
        sa.Column("venue_id", sa.Text, nullable=False),
        sa.Column("hall_id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("layout_id", sa.Text, nullable=False),
        sa.Column("create_time", _time, nullable=False),
        sa.Column("update_time", _time, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("venue_id", "hall_id", name="halls_pkey"),
        sa.ForeignKeyConstraint(["venue_id"], ["venues.venue_id"], name="halls_of_venues"),
        sa.ForeignKeyConstraint(["layout_id"], ["layouts.layout_id"], name="halls_have_layouts"),
    )
    op.create_table(
        "showtimes",
        sa.Column("showtime_id", sa.Text, nullable=False),
        sa.Column("movie_id", sa.Text, nullable=False),
        sa.Column("venue_id", sa.Text, nullable=False),
        sa.Column("hall_id", sa.Text, nullable=False),
        sa.Column("layout_id", sa.Text, nullable=False),
        sa.Column("seat_count", sa.Integer, nullable=False),
        sa.Column("start_time", _time, nullable=False),
        sa.Column("end_time", _time, nullable=False),
        sa.Column("language_code", sa.Text, nullable=False),
        sa.Column("format", sa.SmallInteger, nullable=False, comment="domain.showtimes.Format"),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("prices", JSONB, nullable=False, comment="[zone, type of ticket, minor units]"),
        sa.Column("state", sa.SmallInteger, nullable=False, comment="domain.showtimes.ShowtimeState"),
        sa.Column("map_version", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("create_time", _time, nullable=False),
        sa.Column("update_time", _time, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        *_changed_by(),
        sa.PrimaryKeyConstraint("showtime_id", name="showtimes_pkey"),
        sa.ForeignKeyConstraint(["venue_id", "hall_id"], ["halls.venue_id", "halls.hall_id"], name="showtimes_of_halls"),
        sa.ForeignKeyConstraint(["layout_id"], ["layouts.layout_id"], name="showtimes_have_layouts"),
        sa.CheckConstraint("state BETWEEN 1 AND 2", name="showtimes_state_is_known"),
        sa.CheckConstraint("end_time > start_time", name="showtimes_end_after_they_begin"),
        ExcludeConstraint(
            ("venue_id", "="),
            ("hall_id", "="),
            (sa.literal_column("tstzrange(start_time, end_time)"), "&&"),
            name="showtimes_of_a_hall_do_not_overlap",
            using="gist",
            where=sa.literal_column("state = 1"),
        ),
        sa.Index("showtimes_of_movie", "movie_id", "start_time", "showtime_id"),
        sa.Index("showtimes_of_venue", "venue_id", "start_time", "showtime_id"),
    )
    op.create_table(
        "bookings",
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("booking_id", sa.Text, nullable=False),
        sa.Column("showtime_id", sa.Text, nullable=False),
        sa.Column("state", sa.SmallInteger, nullable=False, comment="domain.bookings.BookingState"),
        sa.Column("seats", ARRAY(sa.Text), nullable=False),
        sa.Column("ticket_types", ARRAY(sa.SmallInteger), nullable=False),
        sa.Column("prices", ARRAY(sa.BigInteger), nullable=False, comment="minor units"),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("hold_until", _time, nullable=False),
        sa.Column("extended", sa.Boolean, nullable=False),
        sa.Column("create_time", _time, nullable=False),
        sa.Column("update_time", _time, nullable=False),
        *_changed_by(),
        sa.PrimaryKeyConstraint("user_id", "booking_id", name="bookings_pkey"),
        sa.ForeignKeyConstraint(["showtime_id"], ["showtimes.showtime_id"], name="bookings_of_showtimes"),
        sa.CheckConstraint("state BETWEEN 1 AND 7", name="bookings_state_is_known"),
        sa.Index("bookings_latest", "user_id", "create_time", "booking_id"),
        sa.Index("bookings_of_showtime", "showtime_id"),
        sa.Index("bookings_held", "showtime_id", "user_id", "hold_until", postgresql_where=sa.text("state = 1")),
        sa.Index("bookings_by_end_of_hold", "hold_until", postgresql_where=sa.text("state = 1")),
    )
    op.create_table(
        "seat_claims",
        sa.Column("showtime_id", sa.Text, nullable=False),
        sa.Column("seat", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("booking_id", sa.Text, nullable=False),
        sa.Column("until", _time, nullable=False),
        sa.PrimaryKeyConstraint("showtime_id", "seat", name="seat_claims_pkey"),
    )
    op.create_table(
        "audit_entries",
        sa.Column("entry_id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("create_time", _time, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("resource", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("detail", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name="audit_entries_pkey"),
        sa.Index("audit_entries_of_resource", "resource", "entry_id"),
        sa.Index("audit_entries_of_actor", "actor", "entry_id"),
    )
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$
    """)
    op.execute("""
        CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        CREATE FUNCTION write_down_booking() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO audit_entries (create_time, actor, address, trace_id, resource, action, detail)
            VALUES (
                clock_timestamp(), NEW.actor, NEW.address, NEW.trace_id, 'users/' || NEW.user_id || '/bookings/' || NEW.booking_id, TG_OP,
                jsonb_build_object('showtime', NEW.showtime_id, 'seats', NEW.seats, 'state', NEW.state, 'hold_until', NEW.hold_until)
            );
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER bookings_are_written_down AFTER INSERT OR UPDATE ON bookings
        FOR EACH ROW EXECUTE FUNCTION write_down_booking()
    """)
    op.execute("""
        CREATE FUNCTION write_down_showtime() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE changed showtimes;
        BEGIN
            IF TG_OP = 'DELETE' THEN changed = OLD; ELSE changed = NEW; END IF;
            INSERT INTO audit_entries (create_time, actor, address, trace_id, resource, action, detail)
            VALUES (
                clock_timestamp(), changed.actor, changed.address, changed.trace_id, 'showtimes/' || changed.showtime_id, TG_OP,
                to_jsonb(changed) - ARRAY['actor', 'address', 'trace_id', 'map_version']
            );
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER showtimes_are_written_down AFTER INSERT OR DELETE ON showtimes
        FOR EACH ROW EXECUTE FUNCTION write_down_showtime()
    """)
    op.execute("""
        CREATE TRIGGER changes_of_showtimes_are_written_down AFTER UPDATE ON showtimes FOR EACH ROW
        WHEN (OLD.revision <> NEW.revision) EXECUTE FUNCTION write_down_showtime()
    """)


def downgrade() -> None:
    op.drop_table("audit_entries")
    op.drop_table("seat_claims")
    op.drop_table("bookings")
    op.drop_table("showtimes")
    op.drop_table("halls")
    op.drop_table("layouts")
    op.drop_table("venues")
    for function in ("write_down_showtime", "write_down_booking", "refuse_change"):
        op.execute(f"DROP FUNCTION {function}()")
    drop_mesh_tables(op)
    op.execute("DROP EXTENSION btree_gist")
