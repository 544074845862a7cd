"""The search index in PostgreSQL: documents made of events, and the queries over them."""
