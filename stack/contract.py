"""Which contexts and methods the contract has, for commands that name one."""

from collections.abc import Sequence
from functools import cache

from mesh.policy import MethodPolicy, policies
from stack.errors import StackError


def contexts() -> Sequence[str]:
    return sorted({method.context for method in _methods()})


def method_path(context: str, name: str) -> str:
    """The gRPC path of a method of `context`."""
    found = [method for method in _methods() if method.context == context]
    if not found:
        raise StackError(f"there is no context {context!r}, there are {', '.join(contexts())}")
    for method in found:
        if method.method == name:
            return method.path
    raise StackError(f"{context} has no method {name!r}, it has {', '.join(sorted(method.method for method in found))}")


@cache
def _methods() -> Sequence[MethodPolicy]:
    from edge.descriptors import load_contract

    return tuple(policies(load_contract().services).values())
