"""What every method declares: its route, how it may be repeated, who may call it, how long it takes, how it fails."""

import re

import grpc

from tests.contract.reading import Complaints, Contract

_CODES = {code.name for code in grpc.StatusCode} - {"OK", "UNKNOWN", "INTERNAL"}


def has_a_route(contract: Contract) -> Complaints:
    for method in contract.methods:
        if not method.routes and not method.internal:
            yield f"{method.full_name} has no google.api.http"
        if method.routes and method.internal:
            yield f"{method.full_name} is internal and has a route"


def says_how_it_may_be_repeated(contract: Contract) -> Complaints:
    for method in contract.methods:
        if not method.proto.options.HasField("idempotency_level"):
            yield f"{method.full_name} has no idempotency_level"
        if not method.internal and method.reads_only != all(route.verb == "get" for route in method.routes):
            yield f"{method.full_name}: GET and NO_SIDE_EFFECTS go together"


def says_who_may_call(contract: Contract) -> Complaints:
    for method in contract.methods:
        if not method.rule.access:
            yield f"{method.full_name} has no access rule"


def has_a_deadline(contract: Contract) -> Complaints:
    for method in contract.methods:
        if method.rule.deadline.ToMilliseconds() <= 0:
            yield f"{method.full_name} has no deadline"


def names_its_errors(contract: Contract) -> Complaints:
    for method in contract.methods:
        _, _, errors = method.comment.partition("Errors:")
        named = re.findall(r"\b([A-Z_]+) \(([^)]*)\)", errors)
        if not named:
            yield f"{method.full_name}: the comment names no error"
        for code, reason in named:
            if code not in _CODES or not re.fullmatch(r"[A-Z][A-Z_]*[A-Z]", reason):
                yield f"{method.full_name}: {code} ({reason}) is no code with a reason"
        if not method.reads_only and "INVALID_ARGUMENT" not in {code for code, _ in named}:
            yield f"{method.full_name}: a change can be asked for wrongly"


def has_messages_of_its_own(contract: Contract) -> Complaints:
    for method in contract.methods:
        if (method.request.name, method.response.name) != (f"{method.name}Request", f"{method.name}Response"):
            yield f"{method.full_name} shares its messages"


RULES = (
    has_a_route,
    says_how_it_may_be_repeated,
    says_who_may_call,
    has_a_deadline,
    names_its_errors,
    has_messages_of_its_own,
)
