"""A list for somebody, by the ladder: history, chosen genres, what is popular. There is an answer for everybody."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from recommender_service.application.ports import Catalogue, Popularity, Ranked, RankingModel
from recommender_service.domain.interactions import Opinion, Taste
from recommender_service.domain.recommendation import EVERYTHING, Filters, Level, Movie, Reason, Recommendation

_BECAUSE_OF = 3
_GENRES = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """What a list should be; `genres` were chosen by somebody who may have no history."""

    count: int
    genres: tuple[str, ...] = ()
    filters: Filters = EVERYTHING
    region: str = ""
    diversity: float = 0.0
    exclude: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RecommendedList:
    """`model_id` is empty while there is no model."""

    items: Sequence[Recommendation]
    level: Level
    model_id: str


class Recommending:
    """Makes lists; each is of one model from end to end, or of none."""

    def __init__(self, popularity: Popularity, catalogue: Catalogue) -> None:
        self._popularity, self._catalogue = popularity, catalogue

    def recommend(self, wish: Wish, taste: Taste, model: RankingModel | None) -> RecommendedList:
        exclude = wish.exclude.union(opinion.movie for opinion in taste.opinions)
        likes = taste.likes
        known = [like for like in likes if model.knows(like.movie)] if model else []
        items: list[Recommendation] = []
        level = Level.POPULAR
        if model and known:
            level = Level.HISTORY if len(known) > 1 else Level.ONE_LIKE
            ranked = model.rank(taste, wish.count, wish.exclude, wish.filters, wish.diversity)
            liked_genres = self._genres_of(likes)
            because = model.speaking_for(taste, [each.movie for each in ranked], _BECAUSE_OF)
            items = [self._because(model, each, tuple(liked), liked_genres) for each, liked in zip(ranked, because, strict=True)]
        elif genres := wish.genres if not likes else tuple(self._genres_of(likes)):
            level = Level.GENRES
            items = [self._in_genres(each, genres) for each in self._of_genres(model, genres, wish, exclude)]
        missing = wish.count - len(items)
        if missing > 0:
            items += self._popular(wish, missing, exclude.union(item.movie for item in items), items[-1].score if items else 1.0)
        return RecommendedList(items, level, model.model_id if model else "")

    def similar(self, movie: str, count: int, model: RankingModel | None) -> tuple[Sequence[Ranked], str]:
        """Movies like it, and the model that says so; without one, or when it does not know the movie: those that share genres."""
        if model is not None and model.knows(movie):
            return model.similar(movie, count), model.model_id
        origin = self._catalogue.find(movie)
        genres = frozenset(origin.genres) if origin else frozenset()
        if not genres:
            return [], model.model_id if model else ""
        alike = [
            Ranked(each.movie, shared)
            for each in self._popularity.popular(
                "", 2 * count, lambda other: other.movie_id != movie and not genres.isdisjoint(other.genres)
            )
            if (other := self._catalogue.find(each.movie)) and (shared := len(genres & set(other.genres)) / len(genres.union(other.genres)))
        ]
        alike.sort(key=lambda each: -each.score)  # stable: of equally alike ones the more popular first
        return alike[:count], model.model_id if model else ""

    def _because(self, model: RankingModel, ranked: Ranked, because: tuple[str, ...], liked_genres: Sequence[str]) -> Recommendation:
        genres = self._shared(ranked.movie, liked_genres)
        if model.is_new(ranked.movie) and genres:
            return Recommendation(*ranked, Reason.NEW_FOR_YOUR_GENRES, genres=genres)
        if because:
            return Recommendation(*ranked, Reason.BECAUSE_YOU_LIKED, because_of=because)
        return Recommendation(*ranked, Reason.IN_YOUR_GENRES if genres else Reason.POPULAR, genres=genres)

    def _in_genres(self, ranked: Ranked, chosen: Sequence[str]) -> Recommendation:
        genres = self._shared(ranked.movie, chosen)
        return Recommendation(*ranked, Reason.IN_YOUR_GENRES if genres else Reason.POPULAR, genres=genres)

    def _of_genres(self, model: RankingModel | None, genres: Sequence[str], wish: Wish, exclude: frozenset[str]) -> Sequence[Ranked]:
        if model is not None:
            return model.cold(genres, wish.count, exclude, wish.filters)
        chosen = frozenset(genres)

        def fits(movie: Movie) -> bool:
            return movie.movie_id not in exclude and not chosen.isdisjoint(movie.genres) and movie.passes(wish.filters)

        return self._popularity.popular(wish.region, wish.count, fits)

    def _popular(self, wish: Wish, count: int, exclude: frozenset[str], ceiling: float) -> list[Recommendation]:
        """What is popular, with scores below `ceiling` so that the whole list is in their order."""
        here = wish.region if self._popularity.knows(wish.region) else ""

        def fits(movie: Movie) -> bool:
            return movie.movie_id not in exclude and movie.passes(wish.filters)

        found = [(each, Reason.POPULAR_IN_REGION) for each in (self._popularity.popular(here, count, fits) if here else ())]
        if len(found) < count:
            there = {each.movie for each, _ in found}
            lowest = found[-1][0].score if found else 1.0
            world = self._popularity.popular("", count - len(found), lambda movie: movie.movie_id not in there and fits(movie))
            found += [(Ranked(each.movie, each.score * lowest), Reason.POPULAR) for each in world]
        return [Recommendation(each.movie, ceiling - 1.0 + each.score, reason) for each, reason in found]

    def _genres_of(self, likes: Sequence[Opinion]) -> Sequence[str]:
        """Those that most of the liked movies have."""
        movies = (self._catalogue.find(like.movie) for like in likes)
        counted = Counter(genre for movie in movies if movie for genre in movie.genres)
        return [genre for genre, _ in sorted(counted.items(), key=lambda each: (-each[1], each[0]))[:_GENRES]]

    def _shared(self, movie: str, genres: Sequence[str]) -> tuple[str, ...]:
        found = self._catalogue.find(movie)
        return tuple(genre for genre in genres if found and genre in found.genres)
