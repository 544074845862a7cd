"""Build hook: a wheel contains the generated stubs, an editable install generates them in place."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class GenerateStubs(BuildHookInterface[Any]):
    """Found by hatchling through its base class."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        sys.path.insert(0, self.root)
        from protogen.generate import generate

        generate(Path(self.root))
        # reelmesh/ is git-ignored, and hatchling leaves out what git ignores.
        build_data["artifacts"].append("/reelmesh/**")
