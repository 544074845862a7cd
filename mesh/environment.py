"""Settings read from the environment of a process, and checked."""

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


def _described(place: tuple[int | str, ...], message: str) -> str:
    return f"{_PREFIX}{str(place[0]).upper()}: {message}" if place else message
