"""`python -m protogen [generate | stubs | breaking]`: see `--help`."""

import argparse
import sys
from pathlib import Path

from protogen.breaking import DEFAULT_REFERENCES, NothingToCompare, breaking
from protogen.generate import generate
from protogen.protoc import GenerationFailed

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="protogen", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("generate", help="write reelmesh/ and build/googleapis, unless they are up to date (the default)")
    commands.add_parser("stubs", help="build the wheel reelmesh-stubs into dist/")
    compare = commands.add_parser("breaking", help="compare the contract with another commit (buf breaking)")
    compare.add_argument("--against", metavar="COMMIT", help=f"default: the first that exists of {', '.join(DEFAULT_REFERENCES)}")
    chosen = parser.parse_args(arguments)
    try:
        written = generate(ROOT)
        match chosen.command:
            case "stubs":
                # Only this command needs hatchling.
                from protogen.stubs import build_stubs

                print(build_stubs(ROOT, ROOT / "dist"))
            case "breaking":
                return breaking(ROOT, chosen.against)
            case _:
                print("reelmesh/ is generated" if written else "reelmesh/ is up to date")
    except (GenerationFailed, NothingToCompare) as error:
        print(f"protogen: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
