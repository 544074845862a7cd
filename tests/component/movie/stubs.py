"""The stub as type checkers know it; at run time the generated module has no class of this name."""

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceAsyncStub

Movies: TypeAlias = "MovieServiceAsyncStub"
