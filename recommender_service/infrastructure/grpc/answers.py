"""Lists kept ready in this process until the user does something, the catalogue or the model changes, or a short time is over."""

from typing import NamedTuple

from mesh.cache import Cache
from reelmesh.recommender.v1.recommender_service_pb2 import ListSimilarMoviesResponse, RecommendMoviesResponse

# What is popular moves with everybody's interactions: a list of nobody's is hardly anything else, a user's own may hold some of it.
_NOBODYS_SECONDS = 0.5
_OWN_SECONDS = 10.0
_SIMILAR_SECONDS = 60.0


class ListKey(NamedTuple):
    """Whose list, and the request as bytes."""

    user: str
    request: bytes


class Answers:
    """Messages that are answered as they are: nobody may change one. A user's lists carry the user as a tag."""

    def __init__(self) -> None:
        self._own = Cache[ListKey, RecommendMoviesResponse](5_000, _OWN_SECONDS, name="recommendations")
        self._nobodys = Cache[ListKey, RecommendMoviesResponse](5_000, _NOBODYS_SECONDS, name="general_recommendations")
        self.similar = Cache[bytes, ListSimilarMoviesResponse](5_000, _SIMILAR_SECONDS, name="similar_movies")

    def lists(self, user: str) -> Cache[ListKey, RecommendMoviesResponse]:
        """Where the lists of that user are kept; the empty one is nobody."""
        return self._own if user else self._nobodys

    def user_changed(self, user: str) -> None:
        self._own.invalidate(user)

    def clear(self) -> None:
        self._own.clear()
        self._nobodys.clear()
        self.similar.clear()
