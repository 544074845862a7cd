"""What the edge serves by itself: the OpenAPI document and the page made from it."""

import json
from collections.abc import Sequence
from importlib import resources

from edge.openapi.docs_page import docs_page
from edge.openapi.document import openapi
from edge.options import StaticPage
from mesh.build import release


def pages() -> Sequence[StaticPage]:
    """`/openapi.json` and `/docs`, from the generated contract."""
    document = openapi(resources.files("reelmesh").joinpath("descriptors.binpb").read_bytes(), release())
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return [
        StaticPage("/openapi.json", "application/json", body),
        StaticPage("/docs", "text/html; charset=utf-8", docs_page(document).encode()),
    ]
