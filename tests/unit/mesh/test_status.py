"""The error table: every row, and nothing beside it."""

import pytest
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2

from mesh import errors
from mesh.status import from_status, to_status

Details = error_details_pb2

ROWS: list[tuple[errors.MeshError, int, list[type[Message]]]] = [
    (
        errors.InvalidArgument([errors.Violation("a", "is required"), errors.Violation("b[1]", "is odd")]),
        code_pb2.INVALID_ARGUMENT,
        [Details.BadRequest],
    ),
    (errors.NotFound("reelmesh.movie/Movie", "movies/x", "MOVIE_NOT_FOUND"), code_pb2.NOT_FOUND, [Details.ResourceInfo]),
    (errors.AlreadyExists("reelmesh.movie/Movie", "movies/x"), code_pb2.ALREADY_EXISTS, [Details.ResourceInfo]),
    (errors.FailedPrecondition("MOVIE_DELETED", "It is deleted.", "movies/x"), code_pb2.FAILED_PRECONDITION, [Details.PreconditionFailure]),
    (errors.Aborted("ETAG_MISMATCH", "It changed."), code_pb2.ABORTED, []),
    (errors.Unauthenticated("TOKEN_MISSING", "A token is needed."), code_pb2.UNAUTHENTICATED, []),
    (errors.PermissionDenied("ROLE_MISSING", "Not yours."), code_pb2.PERMISSION_DENIED, []),
    (
        errors.ResourceExhausted("TOO_MANY", "Slower.", "users/a", 2.5),
        code_pb2.RESOURCE_EXHAUSTED,
        [Details.QuotaFailure, Details.RetryInfo],
    ),
    (errors.ResourceExhausted("TOO_LARGE", "Smaller.", "body"), code_pb2.RESOURCE_EXHAUSTED, [Details.QuotaFailure]),
    (errors.Unavailable("DATABASE_UNAVAILABLE", "Later.", 1.5), code_pb2.UNAVAILABLE, [Details.RetryInfo]),
    (errors.DeadlineExceeded(), code_pb2.DEADLINE_EXCEEDED, []),
]


def _described(error: errors.MeshError) -> str:
    return type(error).__name__


@pytest.mark.parametrize(("error", "code", "extra"), ROWS, ids=[f"{_described(row[0])}-{len(row[2])}" for row in ROWS])
def test_an_error_has_its_code_one_error_info_and_its_details(error: errors.MeshError, code: int, extra: list[type[Message]]) -> None:
    status = to_status(error, "movie", "f" * 32)
    info = Details.ErrorInfo()
    assert status.code == code
    assert status.details[0].Unpack(info)
    assert (info.reason, info.domain) == (error.reason, "reelmesh.movie")
    assert [detail.TypeName() for detail in status.details[1:]] == [kind.DESCRIPTOR.full_name for kind in extra]


def test_every_error_class_is_a_row() -> None:
    tested = {type(row[0]) for row in ROWS}
    assert tested == {
        kind for kind in vars(errors).values() if isinstance(kind, type) and kind.__module__ == errors.__name__ and _is_answer(kind)
    }


def _is_answer(kind: type) -> bool:
    return issubclass(kind, errors.MeshError) and kind is not errors.MeshError and not kind.__name__.startswith("_")


@pytest.mark.parametrize("error", [row[0] for row in ROWS], ids=_described)
def test_an_answer_of_another_context_is_the_same_error_again(error: errors.MeshError) -> None:
    again = from_status(to_status(error, "movie", "f" * 32))
    assert (type(again), again.reason) == (type(error), error.reason)
    if isinstance(error, errors.InvalidArgument):
        assert isinstance(again, errors.InvalidArgument)
        assert again.violations == error.violations


def test_text_of_a_foreign_exception_never_leaves() -> None:
    status = to_status(RuntimeError("SELECT secret FROM /etc/passwd"), "movie", "abc123")
    assert status.code == code_pb2.INTERNAL
    assert b"secret" not in status.SerializeToString()
    info = Details.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert info.metadata["trace_id"] == "abc123"


def test_what_another_context_did_not_mean_to_answer_is_unavailable_here() -> None:
    status = to_status(RuntimeError(), "rating", "abc")
    assert isinstance(from_status(status), errors.Unavailable)
