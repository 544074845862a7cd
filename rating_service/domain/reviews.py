"""What one user wrote about one movie, who may read it, and how its state may change."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from rating_service.domain.errors import NotReviewAuthor, ReviewChanged, ReviewNotFound, ReviewRemoved


class ReviewState(Enum):
    """Published and hidden can follow each other, both can be removed, removed is final."""

    PUBLISHED = 1
    HIDDEN = 2
    REMOVED = 3


class ReportReason(Enum):
    """What a reader says is wrong with a review."""

    SPAM = 1
    ABUSE = 2
    UNMARKED_SPOILER = 3
    OFF_TOPIC = 4
    OTHER = 5


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at a review: `user` is an id, empty for a caller without a token. A moderator sees all, an administrator may also write."""

    user: str
    is_moderator: bool
    is_administrator: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewText:
    """The part of a review that its author decides."""

    language_code: str
    spoiler: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """`movie`, `review_id` and `author` are ids. `revision` counts changes of text and state, not likes."""

    movie: str
    review_id: str
    author: str
    content: ReviewText
    state: ReviewState
    create_time: datetime
    update_time: datetime
    revision: int = 1
    like_count: int = 0
    report_count: int = 0

    @property
    def etag(self) -> str:
        # The time tells apart two reviews that had the same name one after the other.
        return f"{int(self.create_time.timestamp() * 1_000_000):x}-{self.revision:x}"

    def require_readable_by(self, reader: Reader) -> None:
        """To others a review that is not published does not exist."""
        if self.state is not ReviewState.PUBLISHED and not (reader.is_moderator or self._belongs_to(reader)):
            raise ReviewNotFound(self.movie, self.review_id)

    def require_changeable_by(self, reader: Reader) -> None:
        self.require_readable_by(reader)
        if not self._belongs_to(reader):
            raise NotReviewAuthor

    def require_etag(self, etag: str) -> None:
        """An empty etag is any."""
        if etag and etag != self.etag:
            raise ReviewChanged(self.movie, self.review_id)

    def rewritten(self, content: ReviewText, now: datetime) -> "Review":
        """With another text; itself when nothing changes."""
        if self.state is ReviewState.REMOVED:
            raise ReviewRemoved(self.movie, self.review_id)
        if content == self.content:
            return self
        return replace(self, content=content, update_time=now, revision=self.revision + 1)

    def moderated(self, state: ReviewState, now: datetime) -> "Review":
        """In another state; itself when it is in that state already, so that a decision can be sent twice."""
        if state is self.state:
            return self
        if self.state is ReviewState.REMOVED:
            raise ReviewRemoved(self.movie, self.review_id)
        return replace(self, state=state, update_time=now, revision=self.revision + 1)

    def _belongs_to(self, reader: Reader) -> bool:
        return reader.is_administrator or (bool(reader.user) and reader.user == self.author)
