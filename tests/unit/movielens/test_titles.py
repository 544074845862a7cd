"""Titles as MovieLens writes them, told apart."""

import pytest

from movielens.titles import Title, parse_title
from stack.importer.genres import genres_and_keywords


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Toy Story (1995)", Title("Toy Story", "", (), 1995)),
        ("Matrix, The (1999)", Title("The Matrix", "", (), 1999)),
        ("Beautiful Mind, A (2001)", Title("A Beautiful Mind", "", (), 2001)),
        (
            "City of Lost Children, The (Cité des enfants perdus, La) (1995)",
            Title("The City of Lost Children", "La Cité des enfants perdus", (), 1995),
        ),
        ("Blue Angel, The (Blaue Engel, Der) (1930)", Title("The Blue Angel", "Der Blaue Engel", (), 1930)),
        ("Eclisse, L' (Eclipse) (1962)", Title("L'Eclisse", "Eclipse", (), 1962)),
        ("Seven (a.k.a. Se7en) (1995)", Title("Seven", "", ("Se7en",), 1995)),
        ("Asterix in America (a.k.a Asterix Conquers) (Astérix)", Title("Asterix in America", "Astérix", ("Asterix Conquers",), 0)),
        (
            "Big Boss, The (Fists of Fury) (Tang shan da xiong) (1971)",
            Title("The Big Boss", "Tang shan da xiong", ("Fists of Fury",), 1971),
        ),
        ("City of the Dead (a.k.a. Gates of Hell, The) (Paura) (1980)", Title("City of the Dead", "Paura", ("The Gates of Hell",), 1980)),
        ("Babylon 5", Title("Babylon 5", "", (), 0)),
        ("Death Note: Desu nôto (2006–2007)", Title("Death Note: Desu nôto", "", (), 2006)),
        ("Fawlty Towers (1975-)", Title("Fawlty Towers", "", (), 1975)),
        ("(500) Days of Summer (2009)", Title("(500) Days of Summer", "", (), 2009)),
        ("Evangelion: 3.0 You Can (Not) Redo (2012)", Title("Evangelion: 3.0 You Can (Not) Redo", "", (), 2012)),
        ("Frontière(s) (2007)", Title("Frontière(s)", "", (), 2007)),
        ("2001: A Space Odyssey (1968)", Title("2001: A Space Odyssey", "", (), 1968)),
        ("Paris, I Love You (Paris, je t'aime) (2006)", Title("Paris, I Love You", "Paris, je t'aime", (), 2006)),
        ("Room (0042)", Title("Room", "0042", (), 0)),
        ("(1995)", Title("(1995)", "", (), 0)),
        ("  Two   spaces (1995) ", Title("Two spaces", "", (), 1995)),
        ("Ame\u0301lie (2001)", Title("Amélie", "", (), 2001)),
        ("=cmd|' /C calc'!A0 (2001)", Title("=cmd|' /C calc'!A0", "", (), 2001)),
    ],
)
def test_a_title_is_told_apart_from_its_other_names_and_its_year(written: str, meant: Title) -> None:
    assert parse_title(written) == meant


def test_the_genres_of_movielens_become_ours() -> None:
    genres, keywords = genres_and_keywords(["Sci-Fi", "Children's", "Children", "Film-Noir", "War"])

    assert genres == ("science-fiction", "children", "film-noir", "war")
    assert keywords == ()


def test_what_is_no_genre_becomes_a_keyword_and_no_genre_becomes_nothing() -> None:
    assert genres_and_keywords(["IMAX"]) == ((), ("imax",))
    assert genres_and_keywords(["(no genres listed)"]) == genres_and_keywords(["unknown"]) == genres_and_keywords([""]) == ((), ())
