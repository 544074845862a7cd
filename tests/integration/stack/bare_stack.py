"""PostgreSQL and NATS under the real supervisor, without services and edge: `python -m tests.integration.stack.bare_stack DATA_DIR`."""

import asyncio
import sys
from pathlib import Path

from stack.display import PlainDisplay
from stack.runner import Run
from stack.topology import Context, Options


def main(data_dir: str, *contexts: str) -> None:
    options = Options(data_dir=Path(data_dir), edge=False, demo=False, contexts=[Context(name) for name in contexts])
    asyncio.run(Run(options, PlainDisplay(sys.stdout), lambda: print("READY", flush=True), lambda: None).run())


if __name__ == "__main__":
    main(*sys.argv[1:])
