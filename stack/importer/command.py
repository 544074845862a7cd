"""`reelmesh import movielens`: options in, exit code out."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from movielens.layouts import Dataset, detect
from movielens.source import source_at
from stack.commands.told import DEFAULT_DATA_DIR, DataDirOption, edge_address, told
from stack.directory import DataDirectory
from stack.importer.checkpoint import Checkpoint
from stack.importer.display import ImportDisplay
from stack.importer.movielens import MovieLensImport
from stack.importer.problems import Problems
from stack.importer.streams import Platform
from stack.importer.summary import Summary
from stack.tokens import SigningKeys

_TOKEN_SECONDS = 3600.0
_INTERRUPTED = 130


def movielens(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A MovieLens directory or zip: latest-small, 100k, 1m, 10m, 20m and later.")],
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    address: Annotated[str, typer.Option(help="host:port of an edge, instead of the one of the stack in the data directory.")] = "",
    token: Annotated[str, typer.Option(envvar="REELMESH_TOKEN", help="ADMIN token; made with the stack's own key when absent.")] = "",
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first row that cannot be taken.")] = False,
    keep_demo: Annotated[bool, typer.Option("--keep-demo", help="Keep the made-up ratings of the demo beside the real ones.")] = False,
    from_start: Annotated[bool, typer.Option("--from-start", help="Do not go on where an interrupted import stopped.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
    patience: Annotated[float, typer.Option(min=0, help="Seconds to wait for a platform that is away.")] = 60.0,
) -> None:
    """Import a MovieLens data set into a running platform. Rows that cannot be taken are told and skipped.

    Sent twice it changes nothing; interrupted, the same command goes on where it stopped. Movies that are there already keep their
    facts: only gaps are filled, and keywords and external ids added.
    """
    with told():
        dataset = detect(source_at(path))
        directory = DataDirectory(data_dir)
        edge = address or edge_address(directory)
        directory.open()
        checkpoint = Checkpoint(directory.path / "import", dataset, address)
        keys = SigningKeys(directory.secrets)
        token or keys.token("users/importer", ["ADMIN"], _TOKEN_SECONDS)  # a missing key is told before anything is read
        platform_token = (lambda: token) if token else (lambda: keys.token("users/importer", ["ADMIN"], _TOKEN_SECONDS))
        display = ImportDisplay()
        problems = Problems(display.say, strict)

        async def run() -> Summary:
            async with Platform(edge, platform_token, patience=patience, say=display.say) as platform:
                return await MovieLensImport(dataset, platform, checkpoint, problems, display, keep_demo=keep_demo).run()

        try:
            with checkpoint.lock():
                if from_start:
                    checkpoint.remove()
                _announce(dataset, edge, checkpoint, display)
                summary = asyncio.run(run())
        except KeyboardInterrupt:
            display.close()
            print("reelmesh: interrupted; the same command goes on where it stopped", file=sys.stderr)
            raise typer.Exit(_INTERRUPTED) from None
        finally:
            display.close()
        print(json.dumps(summary.as_json(), ensure_ascii=False, indent=2) if as_json else "\n".join(summary.lines()))


def _announce(dataset: Dataset, edge: str, checkpoint: Checkpoint, display: ImportDisplay) -> None:
    going_on = ", going on where the last import stopped" if checkpoint.load().begun else ""
    display.say(f"importing MovieLens {dataset.layout.name} from {dataset.source.path} into {edge}{going_on}")
