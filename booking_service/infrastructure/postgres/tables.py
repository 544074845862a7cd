"""The tables of the context's database."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, ExcludeConstraint

from mesh.postgres.tables import add_mesh_tables

metadata = sa.MetaData()
add_mesh_tables(metadata)

_time = sa.TIMESTAMP(timezone=True)


def _changed_by() -> list[sa.Column[str]]:
    """Of the last change; a trigger writes them down."""
    return [sa.Column(name, sa.Text, nullable=False) for name in ("actor", "address", "trace_id")]


venues = sa.Table(
    "venues",
    metadata,
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

# Never changed: a hall with other seats has another one.
layouts = sa.Table(
    "layouts",
    metadata,
    sa.Column("layout_id", sa.Text, nullable=False),
    sa.Column("seats", JSONB, nullable=False, comment="[seat, zone, kind, x, y] in their order"),
    sa.Column("leave_no_single_seat", sa.Boolean, nullable=False),
    sa.PrimaryKeyConstraint("layout_id", name="layouts_pkey"),
)

halls = sa.Table(
    "halls",
    metadata,
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

showtimes = sa.Table(
    "showtimes",
    metadata,
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
    sa.Index("showtimes_canceled", "showtime_id", postgresql_where=sa.text("state = 2")),
)

bookings = sa.Table(
    "bookings",
    metadata,
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

# The primary key is what keeps a seat from being sold twice. `until` is the end of a hold, or infinity.
seat_claims = sa.Table(
    "seat_claims",
    metadata,
    sa.Column("showtime_id", sa.Text, nullable=False),
    sa.Column("seat", sa.Text, nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("booking_id", sa.Text, nullable=False),
    sa.Column("until", _time, nullable=False),
    sa.PrimaryKeyConstraint("showtime_id", "seat", name="seat_claims_pkey"),
)

# What has happened to money, and what it is to come to. They outlive their bookings when money is to go back.
payments = sa.Table(
    "payments",
    metadata,
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
    *_changed_by(),
    sa.PrimaryKeyConstraint("payment_id", name="payments_pkey"),
    sa.CheckConstraint("amount > 0", name="payments_are_of_money"),
    sa.CheckConstraint("charge BETWEEN 1 AND 7", name="payments_charge_is_known"),
    sa.CheckConstraint("goal BETWEEN 1 AND 3", name="payments_goal_is_known"),
    sa.Index("payments_of_booking", "user_id", "booking_id", "create_time"),
    sa.Index("payments_one_at_a_time", "user_id", "booking_id", unique=True, postgresql_where=sa.text("charge < 5")),
    sa.Index("payments_due", "due_time", postgresql_where=sa.text("due_time IS NOT NULL")),
)

# Written by triggers on showtimes and bookings; only added to.
audit_entries = sa.Table(
    "audit_entries",
    metadata,
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
