"""What the edge serves by itself: the OpenAPI document and the page made from it."""

import json
from collections.abc import Sequence
from importlib import metadata, resources

from edge.openapi.docs_page import docs_page
from edge.openapi.document import openapi
from edge.options import StaticPage


def pages() -> Sequence[StaticPage]:
    """`/openapi.json` and `/docs`, from the generated contract."""
    document = openapi(resources.files("reelmesh").joinpath("descriptors.binpb").read_bytes(), _version())
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return [
        StaticPage("/openapi.json", "application/json", body),
        StaticPage("/docs", "text/html; charset=utf-8", docs_page(document).encode()),
    ]


def _version() -> str:
    try:
        return metadata.version("reelmesh")
    except metadata.PackageNotFoundError:  # run from a tree that is not installed
        return "0.0.0"
