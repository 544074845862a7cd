"""Routes that Envoy's transcoder can serve: none in another's way, every variable a field, every query parameter simple."""

import re
from collections.abc import Iterator
from itertools import combinations

from google.protobuf import descriptor_pb2

from reelmesh.options.v1 import options_pb2
from tests.contract import templates
from tests.contract.reading import MESSAGE, Complaints, Contract, Method, Route, field

_SIMPLE = (".google.protobuf.FieldMask", ".google.protobuf.Timestamp", ".google.protobuf.Duration")


def no_two_routes_match_one_path(contract: Contract) -> Complaints:
    routes = [(method.full_name, route) for method in contract.methods for route in method.routes]
    for (name, route), (other_name, other) in combinations(routes, 2):
        if route.verb == other.verb and templates.collide(route.template, other.template):
            yield f"{name} and {other_name} both answer {route.verb} {other.template}"


def paths_are_versioned(contract: Contract) -> Complaints:
    for method, route in _routes(contract):
        if not re.fullmatch(r"/v1/[^:]+(:[a-z][A-Za-z]*)?|/\.well-known/[a-z.]+", route.template):  # RFC 8615 fixes the latter
            yield f"{method.full_name}: {route.template} is not /v1/…, with one verb at most at the end"


def variables_are_fields_that_accept_the_path(contract: Contract) -> Complaints:
    for method, route in _routes(contract):
        for path, template in templates.parse(route.template).variables.items():
            target = _resolve(contract, method, path)
            if target is None:
                yield f"{method.full_name}: {path} is no field of the request"
            elif not re.fullmatch(target.options.Extensions[options_pb2.limits].pattern, template.replace("*", "x")):
                yield f"{method.full_name}: {path} refuses what {route.template} matches"


def bodies_are_fields(contract: Contract) -> Complaints:
    for method in contract.methods:
        if method.http.body not in ("", "*") and field(method.request, method.http.body) is None:
            yield f"{method.full_name}: body {method.http.body} is no field of the request"


def queries_are_simple(contract: Contract) -> Complaints:
    """What is neither in the path nor in the body is a query parameter, and those hold no structure."""
    for method, route in _routes(contract):
        if method.http.body == "*":
            continue
        taken = {path.partition(".")[0] for path in templates.parse(route.template).variables} | {method.http.body}
        for found in method.request.field:
            if found.name not in taken and found.type == MESSAGE and found.type_name not in _SIMPLE:
                yield f"{method.full_name}: {found.name} cannot be a query parameter"


def _routes(contract: Contract) -> Iterator[tuple[Method, Route]]:
    return ((method, route) for method in contract.methods for route in method.routes)


def _resolve(contract: Contract, method: Method, path: str) -> descriptor_pb2.FieldDescriptorProto | None:
    message, *names = method.request, *path.split(".")
    found = None
    for name in names:
        found = field(message, name)
        if found is None:
            return None
        message = contract.messages.get(found.type_name, message)
    return found


RULES = (
    no_two_routes_match_one_path,
    paths_are_versioned,
    variables_are_fields_that_accept_the_path,
    bodies_are_fields,
    queries_are_simple,
)
