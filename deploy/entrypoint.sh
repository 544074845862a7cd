#!/bin/sh
# What only the container itself knows: its name, which is unique where every process id is 1, and the address at which others reach it.
set -eu
export REELMESH_INSTANCE_ID="${REELMESH_INSTANCE_ID:-${REELMESH_CONTEXT:+$REELMESH_CONTEXT-}$(hostname)}"
export REELMESH_ADVERTISE="${REELMESH_ADVERTISE:-$(hostname -i)}"
exec "$@"
