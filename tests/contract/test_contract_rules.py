"""The contract keeps every rule, and every rule notices a contract that breaks it."""

from collections.abc import Callable

import pytest
from google.api import annotations_pb2, field_behavior_pb2
from google.protobuf import descriptor_pb2

from reelmesh.options.v1 import options_pb2
from tests.contract import message_rules, method_rules, route_rules
from tests.contract.reading import Contract, Rule, field, load_contract

Break = Callable[[Contract], object]
RULES = (*method_rules.RULES, *message_rules.RULES, *route_rules.RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_contract_keeps(rule: Rule) -> None:
    assert list(rule(load_contract())) == []


def test_the_contract_has_the_services_of_this_version() -> None:
    services = {service.name: len(service.method) for file in load_contract().files for service in file.service}
    assert services == {
        "AccountAdminService": 5,
        "AccountService": 10,
        "AdminService": 3,
        "BookingService": 7,
        "ControlPlaneService": 3,
        "ExperimentService": 5,
        "FavoriteService": 4,
        "HistoryService": 6,
        "KeyService": 1,
        "MetadataService": 7,
        "ModelService": 7,
        "MovieService": 13,
        "PaymentService": 1,
        "PersonalDataService": 1,
        "PlaylistService": 12,
        "RatingService": 11,
        "RecommenderService": 6,
        "ReviewService": 9,
        "SessionService": 5,
        "ShowtimeService": 7,
        "TransferService": 2,
        "VenueService": 10,
        "WatchlistService": 4,
    }


def _drop(contract: Contract, method: str, name: str, *, response: bool = False) -> None:
    found = contract.method(method)
    fields = (found.response if response else found.request).field
    fields.remove(next(field for field in fields if field.name == name))


def _request_field(contract: Contract, method: str, name: str) -> descriptor_pb2.FieldDescriptorProto:
    found = field(contract.method(method).request, name)
    assert found is not None
    return found


def _limits(contract: Contract, method: str, name: str) -> options_pb2.FieldRules:
    return _request_field(contract, method, name).options.Extensions[options_pb2.limits]


def _level(contract: Contract, method: str, level: descriptor_pb2.MethodOptions.IdempotencyLevel.ValueType) -> None:
    contract.method(method).proto.options.idempotency_level = level


def _comment(contract: Contract, before: str, after: str) -> None:
    for file in contract.files:
        for location in file.source_code_info.location:
            location.leading_comments = location.leading_comments.replace(before, after)


def _add_field(contract: Contract, message: str, type_name: str = "", kind: int = descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE) -> None:
    contract.messages[message].field.add(name="bad", number=99, type_name=type_name).type = kind  # type: ignore[assignment]  # a number of the enum


BREAKS: list[tuple[Rule, str, Break]] = [
    (method_rules.has_a_route, "SetLogLevel", lambda c: setattr(c.method("SetLogLevel").http, "post", "/v1/logLevel")),
    (method_rules.has_a_route, "GetMovie", lambda c: c.method("GetMovie").proto.options.ClearExtension(annotations_pb2.http)),
    (method_rules.says_how_it_may_be_repeated, "GetHome", lambda c: c.method("GetHome").proto.options.ClearField("idempotency_level")),
    (
        method_rules.says_how_it_may_be_repeated,
        "RateMovie",
        lambda c: _level(c, "RateMovie", descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS),
    ),
    (method_rules.says_who_may_call, "LikeReview", lambda c: c.method("LikeReview").rule.ClearField("access")),
    (method_rules.says_who_may_call, "GetPerson", lambda c: c.method("GetPerson").proto.options.ClearExtension(options_pb2.rule)),
    (method_rules.has_a_deadline, "GetPerson", lambda c: c.method("GetPerson").rule.ClearField("deadline")),
    (method_rules.names_its_errors, "ListMovies", lambda c: _comment(c, "Errors:", "")),
    (method_rules.names_its_errors, "GetMovie", lambda c: _comment(c, "NOT_FOUND (MOVIE_NOT_FOUND)", "MISSING (MOVIE_NOT_FOUND)")),
    (method_rules.names_its_errors, "GetMovie", lambda c: _comment(c, "NOT_FOUND (MOVIE_NOT_FOUND)", "NOT_FOUND (no such movie)")),
    (method_rules.has_messages_of_its_own, "GetMovie", lambda c: setattr(c.method("GetMovie").response, "name", "Movie")),
    (message_rules.changes_carry_a_request_id, "RateMovie", lambda c: _drop(c, "RateMovie", "request_id")),
    (message_rules.changes_carry_a_request_id, "ImportMovies", lambda c: _drop(c, "ImportMovies", "request_id")),
    (message_rules.lists_have_pages, "ListGenres", lambda c: _drop(c, "ListGenres", "page_token")),
    (message_rules.lists_have_pages, "SearchMovies", lambda c: _drop(c, "SearchMovies", "next_page_token", response=True)),
    (message_rules.updates_have_a_mask_and_an_etag, "UpdateMovie", lambda c: _drop(c, "UpdateMovie", "update_mask")),
    (message_rules.updates_have_a_mask_and_an_etag, "DeleteReview", lambda c: _drop(c, "DeleteReview", "etag")),
    (message_rules.imports_can_be_tried_and_are_bounded, "ImportMovies", lambda c: _drop(c, "ImportMovies", "validate_only")),
    (
        message_rules.imports_can_be_tried_and_are_bounded,
        "ImportRatings",
        lambda c: _limits(c, "ImportRatings", "ratings").ClearField("max_items"),
    ),
    (message_rules.names_are_required_and_checked, "GetMovie", lambda c: _limits(c, "GetMovie", "name").ClearField("pattern")),
    (
        message_rules.names_are_required_and_checked,
        "ListReviews",
        lambda c: _request_field(c, "ListReviews", "parent").options.ClearExtension(field_behavior_pb2.field_behavior),
    ),
    (message_rules.single_resources_are_answered_bare, "GetMovie", lambda c: c.method("GetMovie").http.ClearField("response_body")),
    (message_rules.no_field_is_a_float_or_foreign, "Movie.bad", lambda c: _add_field(c, ".reelmesh.movie.v1.Movie", ".google.type.Date")),
    (route_rules.no_two_routes_match_one_path, "GetMovie", lambda c: setattr(c.method("SearchMovies").http, "get", "/v1/movies/search")),
    (route_rules.no_two_routes_match_one_path, "GetHome", lambda c: setattr(c.method("SearchMovies").http, "get", "/v1/home")),
    (
        route_rules.no_two_routes_match_one_path,
        "ListReviews",
        lambda c: setattr(c.method("ListRatings").http.additional_bindings[0], "get", "/v1/{parent=movies/*}/reviews"),
    ),
    (route_rules.paths_are_versioned, "GetHome", lambda c: setattr(c.method("GetHome").http, "get", "/home")),
    (
        route_rules.variables_are_fields_that_accept_the_path,
        "GetMovie",
        lambda c: setattr(c.method("GetMovie").http, "get", "/v1/{movie=movies/*}"),
    ),
    (
        route_rules.variables_are_fields_that_accept_the_path,
        "GetMovie",
        lambda c: setattr(c.method("GetMovie").http, "get", "/v1/{name=films/*}"),
    ),
    (route_rules.bodies_are_fields, "CreateMovie", lambda c: setattr(c.method("CreateMovie").http, "body", "film")),
    (
        route_rules.queries_are_simple,
        "GetHome",
        lambda c: _add_field(c, ".reelmesh.movie.v1.GetHomeRequest", ".reelmesh.movie.v1.Movie"),
    ),
]


@pytest.mark.parametrize(("rule", "name", "break_it"), BREAKS, ids=lambda value: getattr(value, "__name__", value))
def test_a_contract_that_breaks_it_is_noticed(rule: Rule, name: str, break_it: Break) -> None:
    contract = load_contract()
    break_it(contract)
    assert any(name in complaint for complaint in rule(contract))


def test_every_rule_is_shown_to_fail() -> None:
    assert {rule for rule, _, _ in BREAKS} == set(RULES)
