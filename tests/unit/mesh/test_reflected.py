"""Reflection finds what its protocol may ask for: files by the names of services, methods, messages and fields."""

import pytest

from mesh.transport.reflected import reflected_pool
from reelmesh.movie.v1 import movie_service_pb2 as pb

FILE = pb.DESCRIPTOR.name


@pytest.mark.parametrize("symbol", ["MovieService", "MovieService.GetMovie", "GetMovieRequest", "GetMovieRequest.name"])
def test_a_file_is_found_by_what_is_in_it(symbol: str) -> None:
    assert reflected_pool().FindFileContainingSymbol(f"reelmesh.movie.v1.{symbol}").name == FILE


@pytest.mark.parametrize("symbol", ["", "nothing", "reelmesh.movie.v1.MovieService.Nothing", "reelmesh.movie.v1.Nothing.GetMovie"])
def test_a_symbol_that_is_nowhere_is_a_key_error(symbol: str) -> None:
    with pytest.raises(KeyError):
        reflected_pool().FindFileContainingSymbol(symbol)


def test_everything_else_is_the_pool_of_protobuf() -> None:
    assert reflected_pool().FindFileByName(FILE) is pb.DESCRIPTOR
