"""The demo catalogue is whole, plausible and refused when it is not."""

import json
from importlib import resources
from typing import Any

import pytest

from stack.demo.catalogue import CatalogueError, Film, load, parse, read, slug

WITHDRAWN_COUNTRIES = {"SU", "CS", "YU", "DD", "AN", "UK", "XX", "ZZ"}


@pytest.fixture(scope="module")
def films() -> tuple[Film, ...]:
    return load()


def entry(**changes: object) -> dict[str, Any]:
    film: dict[str, Any] = {
        "id": "tt0000001",
        "title": "A Film",
        "original_title": "A Film",
        "year": 1999,
        "runtime_minutes": 90,
        "genres": ["drama"],
        "countries": ["FR"],
        "original_language": "fr",
        "spoken_languages": ["fr"],
        "directors": [{"name": "Agnès Varda"}],
        "writers": [],
        "cast": [{"name": "Jean Dujardin", "character": "Jean"}],
        "keywords": ["sea"],
        "overview": "Something happens.",
    }
    return film | changes


def test_there_are_more_than_two_hundred_films_of_every_decade_and_many_countries(films: tuple[Film, ...]) -> None:
    assert len(films) >= 210
    assert {film.year // 10 for film in films} == set(range(190, 203))
    assert len({country for film in films for country in film.countries}) >= 25
    assert len({film.original_language for film in films}) >= 20


def test_films_come_by_year_and_every_id_only_once(films: tuple[Film, ...]) -> None:
    assert [(film.year, film.id) for film in films] == sorted({(film.year, film.id) for film in films})
    assert len({film.id for film in films}) == len(films)


def test_years_and_runtimes_are_plausible(films: tuple[Film, ...]) -> None:
    assert all(1902 <= film.year <= 2024 for film in films)
    assert all(10 <= film.runtime_minutes <= 240 for film in films)


def test_every_overview_is_a_text_of_its_own(films: tuple[Film, ...]) -> None:
    overviews = [film.overview for film in films] + [text.overview for film in films for text in film.localizations]
    assert len(set(overviews)) == len(overviews)
    assert all(20 <= len(overview) <= 400 for overview in overviews)


def test_at_least_45_films_speak_three_more_languages(films: tuple[Film, ...]) -> None:
    assert sum(len(film.localizations) >= 3 for film in films) >= 45
    assert all("en" not in {text.language for text in film.localizations} for film in films)


def test_countries_exist_today(films: tuple[Film, ...]) -> None:
    assert WITHDRAWN_COUNTRIES.isdisjoint(country for film in films for country in film.countries)


def test_each_film_has_a_cast_unless_nobody_acts_in_it(films: tuple[Film, ...]) -> None:
    assert {film.title for film in films if not film.cast} == {"The Adventures of Prince Achmed", "Flow"}
    assert all(len(film.cast) <= 6 and len(film.genres) <= 6 and 3 <= len(film.keywords) <= 6 for film in films)


def test_people_of_one_name_are_kept_apart(films: tuple[Film, ...]) -> None:
    by_id = {film.id: film for film in films}
    actor = next(role.person for role in by_id["tt0057115"].cast if role.person.name == "Steve McQueen")
    assert actor.id == "steve-mcqueen"
    assert [person.id for person in by_id["tt2024544"].directors] == ["steve-mcqueen-director"]


def test_every_file_holds_one_decade_by_year_unescaped_and_stays_small() -> None:
    for file in resources.files("stack.demo").joinpath("films").iterdir():
        text = file.read_text(encoding="utf-8")
        years = [film.year for film in parse(file.name, text)]
        assert years == sorted(years)
        assert {f"{year // 10 * 10}s.json" for year in years} == {file.name}
        assert "\\u" not in text
        assert len(text.encode()) <= 200_000


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Agnès Varda", "agnes-varda"),
        ("Krzysztof Kieślowski", "krzysztof-kieslowski"),
        ("Władysław Kowalski", "wladyslaw-kowalski"),
        ("Peter O'Toole", "peter-otoole"),
        ("J. K. Simmons", "j-k-simmons"),
        ("Branko Đurić", "branko-duric"),
        ("Stellan Skarsgård", "stellan-skarsgard"),
        ("Benoît Æther-Øre", "benoit-aether-ore"),
    ],
)
def test_a_persons_id_is_the_name_in_plain_letters(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_a_wellformed_film_is_read() -> None:
    (film,) = parse("one.json", json.dumps([entry(tagline="Yes.", localizations={"pt-BR": {"title": "Um", "overview": "Dois."}})]))
    assert film.directors[0].id == "agnes-varda"
    assert film.tagline == "Yes."
    assert film.localizations[0].language == "pt-BR"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": "0114709"}, "id"),
        ({"year": "1999"}, "year"),
        ({"year": True}, "year"),
        ({"runtime_minutes": 0}, "runtime_minutes"),
        ({"genres": ["dramma"]}, "genres"),
        ({"genres": ["drama", "drama"]}, "genres"),
        ({"genres": []}, "genres"),
        ({"countries": ["fr"]}, "countries"),
        ({"original_language": "French"}, "original_language"),
        ({"spoken_languages": "fr"}, "spoken_languages"),
        ({"directors": ["Agnès Varda"]}, "directors"),
        ({"cast": []}, "cast"),
        ({"cast": [{"name": "Jean Dujardin"}]}, "cast"),
        ({"keywords": [" sea"]}, "keywords"),
        ({"title": "Ame\u0301lie"}, "title"),
        ({"overview": ""}, "overview"),
        ({"localizations": {"german": {"title": "Ein", "overview": "Zwei."}}}, "localizations.german"),
        ({"localizations": {"de": {"title": "Ein"}}}, "localizations.de"),
        ({"rating": 5}, "film"),
    ],
)
def test_a_film_that_breaks_a_rule_is_refused_by_file_and_field(changes: dict[str, object], field: str) -> None:
    with pytest.raises(CatalogueError, match=rf"one\.json\[0\].*: {field}: "):
        parse("one.json", json.dumps([entry(**changes)]))


@pytest.mark.parametrize("text", ["{", "{}"])
def test_a_file_that_is_no_list_of_films_is_refused(text: str) -> None:
    with pytest.raises(CatalogueError, match=r"one\.json"):
        parse("one.json", text)


def test_films_of_several_files_come_by_year() -> None:
    late, early = entry(id="tt0000002", year=2001), entry(year=1950)
    assert [film.year for film in read([("late.json", json.dumps([late])), ("early.json", json.dumps([early]))])] == [1950, 2001]


def test_one_id_for_two_films_is_refused() -> None:
    with pytest.raises(CatalogueError, match="tt0000001 is both 'A Film' and 'Another'"):
        read([("one.json", json.dumps([entry(), entry(title="Another")]))])


def test_two_spellings_of_one_person_are_refused() -> None:
    other = entry(id="tt0000002", directors=[{"name": "Agnes Varda"}])
    with pytest.raises(CatalogueError, match="agnes-varda is spelled 'Agnes Varda' here and 'Agnès Varda' elsewhere"):
        read([("one.json", json.dumps([entry(), other]))])
