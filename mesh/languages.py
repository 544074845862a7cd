"""Accept-Language as a list of BCP 47 tags, best first."""

import re
from functools import lru_cache

_MAX_HEADER = 500
_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


@lru_cache(maxsize=1024)
def accepted_languages(header: str) -> tuple[str, ...]:
    """By quality, then by position (RFC 9110 §12.5.4); `*`, zero quality and what is no tag are left out."""
    weighted: list[tuple[float, str]] = []
    for item in header[:_MAX_HEADER].split(","):
        tag, _, parameter = item.strip().partition(";")
        try:
            quality = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            continue
        if quality > 0 and _TAG.fullmatch(tag.strip()):
            weighted.append((-quality, tag.strip()))
    return tuple(tag for _, tag in sorted(weighted, key=lambda pair: pair[0]))
