"""HTTP path templates (`/v1/{name=movies/*}:rate`) as segments, and whether two of them can match one path."""

import re
from dataclasses import dataclass

WILDCARD = "*"


@dataclass(frozen=True)
class Template:
    segments: tuple[str, ...]
    verb: str
    variables: dict[str, str]  # field path -> its own template, such as movies/*


def parse(template: str) -> Template:
    variables: dict[str, str] = {}

    def unfold(found: re.Match[str]) -> str:
        variables[found[1]] = found[2] or WILDCARD
        return variables[found[1]]

    flat = re.sub(r"\{([\w.]+)(?:=([^}]+))?\}", unfold, template)
    path, _, verb = flat.partition(":")
    return Template(tuple(path.strip("/").split("/")), verb, variables)


def collide(one: str, other: str) -> bool:
    """Some path matches both."""
    left, right = parse(one), parse(other)
    if left.verb != right.verb or len(left.segments) != len(right.segments):
        return False
    return all(a == b or WILDCARD in (a, b) for a, b in zip(left.segments, right.segments, strict=True))
