"""Messages without their secrets."""

from mesh.redaction import without_secrets
from reelmesh.identity.v1.session_pb2 import Session, Tokens
from reelmesh.identity.v1.session_service_pb2 import LogInRequest, LogInResponse
from reelmesh.movie.v1.movie_service_pb2 import GetMovieRequest


def test_secrets_go_at_any_depth_and_the_rest_stays() -> None:
    answer = LogInResponse(session=Session(name="users/a/sessions/s"), tokens=Tokens(access_token="a.b.c", refresh_token="r"), device="d")
    left = without_secrets(answer)
    assert left == LogInResponse(session=Session(name="users/a/sessions/s"), tokens=Tokens())
    assert answer.tokens.refresh_token == "r"  # the original is untouched
    assert without_secrets(LogInRequest(email="a@example.org", password="p")) == LogInRequest(email="a@example.org")


def test_a_message_without_secrets_is_itself() -> None:
    request = GetMovieRequest(name="movies/a")
    assert without_secrets(request) is request
