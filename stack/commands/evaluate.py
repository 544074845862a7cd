"""`reelmesh evaluate`: how good the recommender is on a MovieLens data set. Measured by a process of the recommender's own."""

import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

_MODULE = "recommender_service.infrastructure.learning.evaluation"


class Protocol(StrEnum):
    USER80 = "user80"
    STREAM = "stream"


def evaluate(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A MovieLens directory or zip.")],
    protocol: Annotated[
        Protocol, typer.Option(help="user80: each user's last fifth; stream: what came last of all, replayed event by event.")
    ] = Protocol.USER80,
    seeds: Annotated[int, typer.Option(min=1, max=20, help="Trainings of each model, of which the mean is told.")] = 3,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Also draw nDCG by model and hit rate by known likes, as PNG.")] = None,
    without_baselines: Annotated[bool, typer.Option("--without-baselines", help="Only the recommender itself.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Train the recommender and what it is compared with on a part of PATH, and print how well each foretells the rest.

    Takes minutes on 100,000 ratings; nothing needs to run.
    """
    argv = [sys.executable, "-P", "-m", _MODULE, str(path), "--protocol", protocol, "--seeds", str(seeds)]
    argv += ["--plot", str(plot)] if plot else []
    argv += ["--without-baselines"] if without_baselines else []
    argv += ["--json"] if as_json else []
    process = subprocess.Popen(argv)  # noqa: S603 — our own argv
    try:
        code = process.wait()
    except KeyboardInterrupt:  # the terminal has told the process too
        code = process.wait()
    raise typer.Exit(code)
