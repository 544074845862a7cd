"""What each error of the domain is to a caller."""

from typing import Final

from mesh import errors as mesh
from mesh.handlers import ErrorTable
from rating_service.domain import errors as domain
from rating_service.infrastructure.grpc.names import movie_name, rating_name, review_name

MOVIE: Final = "reelmesh.movie/Movie"
RATING: Final = "reelmesh.rating/Rating"
REVIEW: Final = "reelmesh.rating/Review"


def _movie_not_found(error: domain.MovieNotFound) -> mesh.MeshError:
    return mesh.NotFound(MOVIE, movie_name(error.movie), "MOVIE_NOT_FOUND")


def _rating_not_found(error: domain.RatingNotFound) -> mesh.MeshError:
    return mesh.NotFound(RATING, rating_name(error.movie, error.user), "RATING_NOT_FOUND")


def _review_not_found(error: domain.ReviewNotFound) -> mesh.MeshError:
    return mesh.NotFound(REVIEW, review_name(error.movie, error.review_id), "REVIEW_NOT_FOUND")


def _review_already_exists(error: domain.ReviewAlreadyExists) -> mesh.MeshError:
    return mesh.AlreadyExists(REVIEW, review_name(error.movie, error.review_id), "REVIEW_ALREADY_EXISTS")


def _review_changed(error: domain.ReviewChanged) -> mesh.MeshError:
    return mesh.Aborted("ETAG_MISMATCH", "The review was changed meanwhile; read it again.")


def _review_removed(error: domain.ReviewRemoved) -> mesh.MeshError:
    name = review_name(error.movie, error.review_id)
    return mesh.FailedPrecondition("REVIEW_REMOVED", "The review was removed by a moderator, for good.", name)


def _not_author(error: domain.NotReviewAuthor) -> mesh.MeshError:
    return mesh.PermissionDenied("NOT_OWNER", "Only its author may change a review.")


def _same_user(error: domain.SameUser) -> mesh.MeshError:
    return mesh.InvalidArgument([mesh.Violation("other_user", "must not be the same user")])


ERRORS: Final[ErrorTable] = {
    domain.MovieNotFound: _movie_not_found,
    domain.RatingNotFound: _rating_not_found,
    domain.ReviewNotFound: _review_not_found,
    domain.ReviewAlreadyExists: _review_already_exists,
    domain.ReviewChanged: _review_changed,
    domain.ReviewRemoved: _review_removed,
    domain.NotReviewAuthor: _not_author,
    domain.SameUser: _same_user,
}
