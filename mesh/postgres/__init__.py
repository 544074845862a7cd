"""PostgreSQL for every context: pool, statements, unit of work, request ids, migrations."""
