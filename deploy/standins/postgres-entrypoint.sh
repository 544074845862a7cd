#!/bin/sh
# Of the official image's entrypoint what docker-compose.yml relies on: a cluster at the first start, with POSTGRES_PASSWORD and POSTGRES_INITDB_ARGS.
set -eu
if [ "$1" = postgres ] && [ ! -e "$PGDATA/PG_VERSION" ]; then
  printf '%s\n' "${POSTGRES_PASSWORD:?is not set}" > /tmp/password
  # shellcheck disable=SC2086 # several options in one variable are meant
  initdb --pgdata "$PGDATA" --username postgres --pwfile /tmp/password --auth-host scram-sha-256 --auth-local trust ${POSTGRES_INITDB_ARGS:-}
  rm /tmp/password
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >> "$PGDATA/postgresql.conf"
fi
exec "$@"
