"""The processes of one stack, from PostgreSQL to the edge, as components for the supervisor."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from mesh.control_plane.rules import RulesFile
from mesh.tls.settings import CONTROL_PLANE, EDGE, OPERATOR
from stack.admin_login import AdminLogin
from stack.certificates import Certificates
from stack.component import Component
from stack.consul_settings import consul_settings
from stack.directory import DataDirectory
from stack.errors import StackError
from stack.mailbox import Mailbox
from stack.registrations import LocalRegistrations, Registrations
from stack.servers.command import Command, Server, accepts, free_port
from stack.servers.consul import ConsulServer
from stack.servers.envoy import EnvoyServer
from stack.servers.jaeger import JaegerServer
from stack.servers.nats import NatsServer
from stack.servers.payments import PaymentsServer
from stack.servers.postgres import PostgresServer
from stack.service_secret import service_secret
from stack.tokens import SigningKeys
from stack.topology import Options, Replica, replicas_of

_PROJECT = Path(__file__).resolve().parent.parent
_PROBE = "/v1/movies?page_size=1"
_WEBHOOK = "/v1/paymentEvents:handle"
JAEGER = "jaeger"
_DRAIN = 5.0  # seconds a service may take to finish its calls; on one machine nobody needs longer


class Platform:
    """Names, ports and environments of every process; nothing runs before the supervisor starts the components."""

    def __init__(self, directory: DataDirectory, options: Options) -> None:
        self._directory = directory
        self._options = options
        self._consul = ConsulServer(directory.consul) if options.registry == "consul" and not options.consul_addr else None
        self._registry = consul_settings(self._consul.address if self._consul else options.consul_addr)
        self._registrations = self._choose_registrations()
        self._postgres = PostgresServer(directory.postgres)
        self._nats = NatsServer(directory.nats)
        self._payments = PaymentsServer(directory.payments, lambda: f"http://{self.edge_address}{_WEBHOOK}")
        self._keys = SigningKeys(directory.secrets)
        self.mailbox = Mailbox(directory.mailbox, lambda: self._nats.url)
        self.certificates = Certificates(directory.certificates, directory.secrets, options.mtls)
        self._database_urls: dict[str, str] = {}
        self._xds_addresses = [f"127.0.0.1:{free_port()}" for _ in range(options.control_planes)] if options.edge else []
        self._pages_addresses = [f"127.0.0.1:{free_port()}" for _ in self._xds_addresses]
        self._rules = RulesFile(directory.rules_file)
        self._edge_admin = f"127.0.0.1:{free_port()}"
        self._jaeger = JaegerServer(directory.path / "jaeger") if options.otlp == JAEGER else None
        self.edge_address = f"127.0.0.1:{options.edge_port or free_port()}"
        self._envoy = EnvoyServer(directory.edge, directory.edge / "bootstrap.json", address=self.edge_address)

    @property
    def urls(self) -> dict[str, str]:
        """Where a person or a program finds the platform."""
        beneath = {"consul": f"{self._registry.consul_url}/ui"} if self._options.registry == "consul" else {}
        beneath |= {"traces": self._jaeger.url} if self._jaeger else {}
        if not self._options.edge:
            return beneath
        edge, pages = f"http://{self.edge_address}", f"http://{self._pages_addresses[0]}"
        found = {"edge": edge, "docs": f"{edge}/docs", "openapi": f"{edge}/openapi.json", "grpc": self.edge_address}
        return {**found, "targets": f"{pages}/targets", **beneath}

    @property
    def probe_url(self) -> str:
        """A request that goes through the edge and the mesh down to a database; any stack answers it, also an empty one."""
        return f"http://{self.edge_address}{_PROBE if self._options.contexts else '/openapi.json'}"

    def prepare(self) -> None:
        """What has to be there before the first process: keys, no rules of an earlier run, a free port."""
        self._keys.create()
        AdminLogin(self._directory.admin_login).create()
        self.mailbox.create()
        if self._options.mtls:
            self.certificates.create((EDGE, CONTROL_PLANE, OPERATOR, *(context.name for context in self._options.contexts)))
        else:
            self.certificates.clear()
        self._rules.clear()
        self._service_secret = service_secret(self._directory.secrets)
        self._commit = _commit()
        if self._options.edge:
            _require_free(self.edge_address)

    def components(self) -> list[Component]:
        mesh = [self._control_plane(number) for number in range(len(self._xds_addresses))]
        planes = tuple(plane.name for plane in mesh)
        services = [self._service(replica, planes) for replica in replicas_of(self._options)]
        edge = [self._edge((*planes, *(service.name for service in services)))] if self._options.edge else []
        consul = [_server(self._consul, "consul")] if self._consul else []
        postgres = _server(self._postgres, "postgres", first_ready=self._create_databases, start_timeout=300, stop_timeout=60)
        jaeger = [_server(self._jaeger, JAEGER)] if self._jaeger else []
        payments = [_server(self._payments, "payments")] if self._takes_payments else []
        return [postgres, _server(self._nats, "nats"), *payments, *consul, *jaeger, *mesh, *services, *edge]

    def _choose_registrations(self) -> Registrations:
        if self._options.registry == "local":
            return LocalRegistrations(self._directory.registry)
        from stack.consul_registrations import ConsulRegistrations  # HTTP and TLS, which a local registry does without

        return ConsulRegistrations(self._registry)

    @property
    def _takes_payments(self) -> bool:
        return any("{payments}" in value for context in self._options.contexts for value in context.settings.values())

    @property
    def _beneath_all(self) -> tuple[str, ...]:
        """What everything of ours registers with and tells its spans to, as far as it is ours."""
        return (*(("consul",) if self._consul else ()), *((JAEGER,) if self._jaeger else ()))

    def _create_databases(self) -> None:
        import psycopg

        try:
            for context in self._options.contexts:
                self._database_urls[context.name] = self._postgres.create_database(context.name, extensions=context.extensions)
        except psycopg.Error as error:
            raise StackError(f"the databases cannot be created: {str(error).strip()}") from error

    def _control_plane(self, number: int) -> Component:
        name = f"control-plane-{number + 1}" if number else "control-plane"
        address = self._xds_addresses[number]
        settings = {
            "REELMESH_INSTANCE_ID": name,
            "REELMESH_LISTEN": address,
            "REELMESH_HTTP_LISTEN": self._pages_addresses[number],
            "REELMESH_EDGE_LISTEN": self.edge_address,
            "REELMESH_EDGE_CONTROL_PLANES": ",".join(self._pages_addresses),
            "REELMESH_EDGE_ADMINS": self._edge_admin,
            "REELMESH_RULES_FILE": str(self._rules.path),
            **self._shown(CONTROL_PLANE),
        }
        return Component(
            name=name,
            kind="control-plane",
            command=lambda: self._python("edge", settings),
            is_ready=lambda: accepts(address),
            address=lambda: address,
            after=self._beneath_all,
        )

    def _service(self, replica: Replica, control_planes: tuple[str, ...]) -> Component:
        name, context = replica.name, replica.context
        placed = {"REELMESH_ZONE": replica.zone} if replica.zone else {}
        versioned = {"REELMESH_VERSION": replica.version} if replica.version else {}
        return Component(
            name=name,
            kind="service",
            command=lambda: self._python(
                context.module,
                {
                    **placed,
                    **versioned,
                    "REELMESH_INSTANCE_ID": name,
                    "REELMESH_LISTEN": "127.0.0.1:0",
                    "REELMESH_METRICS_LISTEN": "127.0.0.1:0",
                    "REELMESH_DATABASE_URL": self._database_urls[context.name],
                    "REELMESH_NATS_URL": self._nats.url,
                    "REELMESH_SERVICE_SECRETS": self._service_secret,
                    "REELMESH_DRAIN_SECONDS": str(_DRAIN),
                    **self._shown(context.name),
                    **{
                        key: value.format(data=self._directory.path, payments=self._payments.url) for key, value in context.settings.items()
                    },
                },
            ),
            is_ready=lambda: self._registrations.is_registered(name),
            address=lambda: self._registrations.address(name),
            admin=lambda: self._registrations.admin(name),
            after=("postgres", "nats", *self._beneath_all, *control_planes),
            prepare=lambda: self._registrations.remove(name),  # left from a stack that was killed
            gone=lambda: self._registrations.remove(name),  # a killed service cannot deregister itself
            stop_timeout=2 * _DRAIN + 4,  # until callers have turned elsewhere, until their calls have ended
        )

    def _edge(self, after: tuple[str, ...]) -> Component:
        def prepare() -> None:
            from edge.bootstrap import write_bootstrap

            self._envoy.prepare()
            bootstrap, identity = self._directory.edge / "bootstrap.json", self.certificates.identity(EDGE) if self._options.mtls else None
            write_bootstrap(bootstrap, xds_servers=self._xds_addresses, admin=self._edge_admin, identity=identity)

        return _server(self._envoy, "edge", prepare=prepare, admin=lambda: self._edge_admin, after=after, start_timeout=20)

    def _shown(self, name: str) -> dict[str, str]:
        """By which certificate a process is known."""
        return {"REELMESH_TLS_DIR": str(self.certificates.identity(name).directory)} if self._options.mtls else {}

    def _python(self, module: str, settings: dict[str, str]) -> Command:
        ratio = 1.0 if self._jaeger and self._options.trace_ratio is None else self._options.trace_ratio
        path = os.pathsep.join(part for part in (str(_PROJECT), os.environ.get("PYTHONPATH", "")) if part)
        env = {
            "PYTHONPATH": path,
            "PYTHONUNBUFFERED": "1",
            "MALLOC_ARENA_MAX": "2",  # each arena of glibc keeps its own freed memory; a service has one busy thread
            "OPENBLAS_NUM_THREADS": "1",  # numpy: more threads for a small product cost more than they bring
            "REELMESH_REGISTRY": self._options.registry,
            "REELMESH_TRANSPORT": self._options.transport,
            "REELMESH_REGISTRY_DIR": str(self._directory.registry),
            "REELMESH_CONSUL_ADDR": self._registry.consul_addr,
            "REELMESH_XDS_SERVERS": ",".join(self._xds_addresses),
            "REELMESH_JWKS_FILE": str(self._keys.jwks_file),
            "REELMESH_OTLP_ENDPOINT": self._jaeger.otlp if self._jaeger else self._options.otlp,
            "REELMESH_COMMIT": self._commit,
            **({} if ratio is None else {"REELMESH_TRACE_RATIO": str(ratio)}),
            **settings,
        }
        return Command((sys.executable, "-P", "-m", module), env=env, cwd=self._directory.path)


def _server(
    server: Server,
    name: str,
    *,
    prepare: Callable[[], None] | None = None,
    first_ready: Callable[[], None] = lambda: None,
    after: tuple[str, ...] = (),
    start_timeout: float = 60,
    stop_timeout: float = 15,
    admin: Callable[[], str] = lambda: "",
) -> Component:
    return Component(
        name=name,
        kind=server.name,
        command=server.command,
        is_ready=server.is_ready,
        address=lambda: server.address,
        admin=admin,
        after=after,
        prepare=prepare or server.prepare,
        first_ready=first_ready,
        start_timeout=start_timeout,
        stop_timeout=stop_timeout,
    )


def _commit() -> str:
    """Of the checkout that this runs from; empty where there is none, or no git."""
    try:
        argv = ["git", "-C", str(_PROJECT), "rev-parse", "--short=12", "HEAD"]
        return subprocess.run(argv, capture_output=True, text=True, timeout=5, check=True).stdout.strip()  # noqa: S603  # our own arguments
    except (OSError, subprocess.SubprocessError):
        return ""


def _require_free(address: str) -> None:
    """Asked before anything starts: Envoy itself would share the port with another Envoy (SO_REUSEPORT) without a word."""
    host, _, port = address.rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of a stack that has just stopped do not count
        try:
            probe.bind((host, int(port)))
        except OSError as error:
            raise StackError(f"port {port} cannot be used for the edge ({error.strerror}): choose another with --edge-port") from None
