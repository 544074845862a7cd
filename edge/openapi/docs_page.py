"""The documentation page: one self-contained HTML file, made from the OpenAPI document, that needs no internet and no framework."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from importlib import resources
from typing import Any

_VERBS = ("get", "post", "put", "patch", "delete")


def docs_page(document: Mapping[str, Any]) -> str:
    """Readable without scripts; the script only adds the "Try" buttons and the filter."""
    template = resources.files("edge.openapi").joinpath("docs.html").read_text(encoding="utf-8")
    parts = {
        "TITLE": escape(document["info"]["title"]),
        "VERSION": escape(document["info"]["version"]),
        "OPERATIONS": "\n".join(_tags(document)),
    }
    for name, text in parts.items():
        template = template.replace(f"<!--{name}-->", text)
    return template


def _tags(document: Mapping[str, Any]) -> Iterator[str]:
    for tag in document["tags"]:
        yield f'<section><h2 id="{escape(tag["name"])}">{escape(tag["name"])}</h2>{_text(tag["description"])}'
        for path, operations in document["paths"].items():
            for verb in _VERBS:
                operation = operations.get(verb)
                if operation is not None and tag["name"] in operation["tags"]:
                    yield _operation(verb, path, operation)
        yield "</section>"


def _operation(verb: str, path: str, operation: Mapping[str, Any]) -> str:
    lock = "" if not operation["security"] else '<span class="lock" title="needs an access token">token</span>'
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    rows = "".join(_parameter(parameter) for parameter in operation["parameters"])
    table = f"<table><tr><th>parameter</th><th>in</th><th>type</th><th></th></tr>{rows}</table>" if rows else ""
    schema = f"<h4>Body</h4><pre>{escape(_pretty(body))}</pre>" if body else ""
    answer = next(iter(operation["responses"]["200"]["content"].values()))["schema"]
    return (
        f'<details class="operation" data-verb="{verb}" data-path="{escape(path)}" data-body="{"yes" if body else ""}">'
        f'<summary><b class="{verb}">{verb.upper()}</b> <code>{escape(path)}</code> {lock}'
        f"<span>{escape(operation['summary'])}</span></summary>"
        f"{_text(operation['description'])}{table}{schema}<h4>Answer</h4><pre>{escape(_pretty(answer))}</pre></details>"
    )


def _parameter(parameter: Mapping[str, Any]) -> str:
    schema = parameter["schema"]
    kind = schema.get("type") or "number"
    needed = " (required)" if parameter["required"] else ""
    cells = [f"<code>{escape(parameter['name'])}</code>{needed}", parameter["in"], kind, escape(parameter.get("description", ""))]
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _pretty(schema: Any) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False)


def _text(text: str) -> str:
    return "".join(f"<p>{escape(paragraph)}</p>" for paragraph in text.split("\n\n") if paragraph.strip())
