#!/bin/sh
# One role and one database for each context. Runs at every start: a new context gets its database, a changed password is taken over.
set -eu
for context in $CONTEXTS; do
  password=$(printenv "$(echo "$context" | tr '[:lower:]' '[:upper:]')_DATABASE_PASSWORD")
  psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --set name="$context" --set password="$password" --dbname postgres <<'SQL'
SELECT format('CREATE ROLE %I LOGIN', :'name') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
ALTER ROLE :"name" PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'name') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
  echo "the database of $context is there"
done
