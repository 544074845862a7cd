"""What can stand in the way of a rating or a review; ids, not names, inside."""


class RatingError(Exception):
    """The root of this context's errors."""


class MovieNotFound(RatingError):
    def __init__(self, movie: str) -> None:
        super().__init__(f"there is no movie {movie}")
        self.movie = movie


class RatingNotFound(RatingError):
    def __init__(self, movie: str, user: str) -> None:
        super().__init__(f"{user} has not rated {movie}")
        self.movie, self.user = movie, user


class _AboutReview(RatingError):
    fact = ""

    def __init__(self, movie: str, review_id: str) -> None:
        super().__init__(f"review {review_id} of {movie} {self.fact}")
        self.movie, self.review_id = movie, review_id


class ReviewNotFound(_AboutReview):
    fact = "does not exist"


class ReviewAlreadyExists(_AboutReview):
    """It has the chosen id, or it is the author's review of the movie: there is one for each user and movie."""

    fact = "exists already"


class ReviewChanged(_AboutReview):
    fact = "was changed meanwhile"


class ReviewRemoved(_AboutReview):
    fact = "was removed by a moderator"


class NotReviewAuthor(RatingError):
    """The caller can read the review but did not write it."""


class SameUser(RatingError):
    """Two users were asked for, and one was given."""
