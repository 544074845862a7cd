"""Settings read from the environment of a process, and checked."""

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, Protocol, TypeVar


class Dataclass(Protocol):
    """Any of them."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


S = TypeVar("S", bound=Dataclass)
_PREFIX = "REELMESH_"


class WrongSettings(Exception):
    """The text names each setting that is wrong, in one line."""


def read_settings(kind: type[S], environment: Mapping[str, str]) -> S:
    """The field `listen` is `REELMESH_LISTEN`. Raises WrongSettings."""
    from pydantic import TypeAdapter, ValidationError  # 7 MB that a service has no use for once its settings are there

    told = {field.name: environment[name] for field in fields(kind) if (name := _PREFIX + field.name.upper()) in environment}
    try:
        return TypeAdapter(kind).validate_python(told)
    except ValidationError as error:
        raise WrongSettings("; ".join(_described(part["loc"], part["msg"]) for part in error.errors())) from error


def read_number(environment: Mapping[str, str], name: str, default: float, *, least: float = 0.0, most: float) -> float:
    """One setting of a context's own, by its whole name; by hand, since a process that serves has no pydantic. Raises WrongSettings."""
    text = environment.get(name)
    if text is None:
        return default
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not least <= number <= most:
        raise WrongSettings(f"{name}: {text!r} is no number from {least:g} to {most:g}")
    return number


def _described(place: tuple[int | str, ...], message: str) -> str:
    return f"{_PREFIX}{str(place[0]).upper()}: {message}" if place else message
