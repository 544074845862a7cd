"""What the domain's errors mean to a caller."""

from mesh.errors import Aborted, AlreadyExists, FailedPrecondition, NotFound
from mesh.handlers import ErrorTable
from movie_service.domain import errors
from movie_service.infrastructure.grpc.translate import violations_of

_MOVIE = "reelmesh.movie/Movie"

ERRORS: ErrorTable = {
    errors.MovieNotFound: lambda error: NotFound(_MOVIE, error.name, "MOVIE_NOT_FOUND"),
    errors.MovieAlreadyExists: lambda error: AlreadyExists(_MOVIE, error.name, "MOVIE_ALREADY_EXISTS"),
    errors.MovieIsDeleted: lambda error: FailedPrecondition("MOVIE_DELETED", f"{error.name} is deleted.", error.name),
    errors.MovieIsNotDeleted: lambda error: FailedPrecondition("MOVIE_NOT_DELETED", f"{error.name} is not deleted.", error.name),
    errors.MovieChangedMeanwhile: lambda error: Aborted("ETAG_MISMATCH", f"{error.name} was changed meanwhile: read it again."),
    errors.FactsContradict: lambda error: violations_of(error.flaws),
}
