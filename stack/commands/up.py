"""`reelmesh up`: the whole platform, in this terminal or in the background."""

import asyncio
import sys
from typing import Annotated

import typer

from stack.commands.durations import seconds_of
from stack.commands.told import DEFAULT_DATA_DIR, DataDirOption, told
from stack.errors import StackError
from stack.topology import REGISTRIES, TRANSPORTS, Options, default_transport, parse_replicas, parse_zones


def up(
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    detach: Annotated[bool, typer.Option("--detach", help="Return as soon as the platform answers; it goes on in the background.")] = False,
    edge_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the HTTP and gRPC edge on 127.0.0.1; 0 takes a free one.")
    ] = 8080,
    replicas: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=COUNT", help="More than one process for a context, or some of another version (movie@v2=1); repeatable."
        ),
    ] = None,
    zones: Annotated[str, typer.Option(metavar="NAME,…", help="Spread the processes of each context over these zones.")] = "",
    control_planes: Annotated[int, typer.Option(min=1, max=3, help="Control planes at the same time.")] = 1,
    registry: Annotated[str, typer.Option(help="Where services register: local, or consul with an agent of its own.")] = "local",
    consul_addr: Annotated[
        str, typer.Option(metavar="ADDRESS", help="A Consul that runs already, as host:port or https://host:port; none is started.")
    ] = "",
    transport: Annotated[
        str | None,
        typer.Option(envvar="REELMESH_TRANSPORT", help="envoy, with the services in it (the default where it is installed), or grpcio."),
    ] = None,
    mtls: Annotated[
        bool, typer.Option("--mtls", help="Processes of the mesh show each other certificates, of an authority in the data directory.")
    ] = False,
    certificate_life: Annotated[
        str, typer.Option(metavar="DURATION", help="With --mtls: how long a certificate lasts; it is renewed after half of it.")
    ] = "1h",
    otlp: Annotated[
        str, typer.Option(metavar="URL|jaeger", help="Collector that receives traces, or jaeger to start one; none are exported without.")
    ] = "",
    trace_ratio: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of requests that is traced; 0.01, with --otlp jaeger 1, unless given.")
    ] = None,
    demo: Annotated[bool, typer.Option("--demo/--no-demo", help="Load the demo catalogue on the first start.")] = True,
    report_fd: Annotated[int, typer.Option(hidden=True)] = -1,
) -> None:
    """Start PostgreSQL, NATS, the mesh, every service and the edge."""
    with told():
        if registry not in REGISTRIES:
            raise StackError(f"--registry {registry}: there is no such registry, there are {' and '.join(REGISTRIES)}")
        if consul_addr and registry != "consul":
            raise StackError("--consul-addr goes with --registry consul")
        if consul_addr:
            from stack.consul_registrations import require_consul
            from stack.consul_settings import consul_settings

            require_consul(consul_settings(consul_addr))
        transport = transport or default_transport()
        if transport not in TRANSPORTS:
            raise StackError(f"--transport {transport}: there is no such transport, there are {' and '.join(TRANSPORTS)}")
        options = Options(
            data_dir=data_dir,
            edge_port=edge_port,
            replicas=parse_replicas(replicas or []),
            zones=parse_zones(zones),
            control_planes=control_planes,
            registry=registry,
            consul_addr=consul_addr,
            transport=transport,
            mtls=seconds_of("--certificate-life", certificate_life) if mtls else 0.0,
            otlp=otlp,
            trace_ratio=trace_ratio,
            demo=demo,
        )
        if detach:
            from stack.detached import start_detached

            start_detached(data_dir, [argument for argument in sys.argv[1:] if argument != "--detach"])
        else:
            _in_foreground(options, report_fd)


def _in_foreground(options: Options, report_fd: int) -> None:
    from rich.console import Console

    from stack.display import Display, LiveDisplay, PlainDisplay
    from stack.report import Report
    from stack.runner import Run

    report = Report(report_fd)
    console = Console()
    display: Display = LiveDisplay(console) if console.is_terminal and report_fd < 0 else PlainDisplay(sys.stdout)
    try:
        asyncio.run(Run(options, display, report.ready, report.settled, tokens=report_fd < 0).run())
    except (StackError, OSError) as error:
        report.failed(str(error))
        raise
    finally:
        display.close()
        report.close()
