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
    """`listen` is host:port. `cors_origins` are exact origins, or `*` for any; never with credentials, since tokens travel in a header.

    `control_planes` are where their pages are (host:port), `otlp_endpoint` is where spans go. `trace_ratio` is the share of new traces that
    is recorded, `access_log_ratio` that of requests without an error that is told. `checks_tokens` is whether keys of access tokens are to
    come; the limits are requests per second, 0 for none; `trusted_hops` is how many proxies stand in front and tell the caller's address.
    """

    listen: str = "127.0.0.1:8080"
    max_body_bytes: int = 4 * MEBIBYTE
    max_answer_bytes: int = 16 * MEBIBYTE
    cors_origins: Sequence[str] = ("*",)
    pages: Sequence[StaticPage] = ()
    control_planes: Sequence[str] = ()
    checks_tokens: bool = False
    token_issuer: str = "reelmesh"  # noqa: S105  # a name, not a secret
    token_audience: str = "reelmesh"  # noqa: S105  # a name, not a secret
    address_limit: int = 0
    user_limit: int = 0
    trusted_hops: int = 0
    otlp_endpoint: str = ""
    trace_ratio: float = 0.0
    access_log_ratio: float = 0.0
