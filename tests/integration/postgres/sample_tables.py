"""The tables of an invented context that counts things."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from mesh.postgres.tables import add_mesh_tables

metadata = sa.MetaData()
add_mesh_tables(metadata)
things = sa.Table(
    "things",
    metadata,
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("facts", JSONB, nullable=False, server_default=sa.text("'{}'")),
    sa.Column("labels", ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'")),
    sa.PrimaryKeyConstraint("name", name="things_pkey"),
    sa.CheckConstraint("count >= 0", name="things_count_is_not_negative"),
)
