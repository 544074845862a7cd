"""The bundled list: words, names and runs of keys that passwords are made of most often, put together for this platform."""

from functools import cache
from importlib import resources


@cache
def common_passwords() -> frozenset[str]:
    """In lower case; read when first asked for."""
    return frozenset(resources.files(__package__).joinpath("common_passwords.txt").read_text(encoding="utf-8").split())
