"""What can be chosen about the edge."""

from collections.abc import Sequence
from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class StaticPage:
    """A page that Envoy serves by itself, compressed for those who accept it."""

    path: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeOptions:
    """`listen` is host:port. `cors_origins` are exact origins, or `*` for any; never with credentials, since tokens travel in a header."""

    listen: str = "127.0.0.1:8080"
    max_body_bytes: int = 4 * MEBIBYTE
    max_answer_bytes: int = 16 * MEBIBYTE
    cors_origins: Sequence[str] = ("*",)
    pages: Sequence[StaticPage] = ()
