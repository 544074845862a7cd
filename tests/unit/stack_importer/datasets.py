"""Small data sets in every layout, as files or in a zip."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

CSV: Mapping[str, bytes] = {
    "movies.csv": (
        "movieId,title,genres\n"
        "1,Toy Story (1995),Adventure|Animation|Children|Comedy|Fantasy\n"
        '29,"City of Lost Children, The (Cité des enfants perdus, La) (1995)",Adventure|Sci-Fi|IMAX\n'
        "47,Seven (a.k.a. Se7en) (1995),Mystery|Thriller\n"
        "9,Babylon 5,(no genres listed)\n"
    ).encode(),
    "links.csv": b"movieId,imdbId,tmdbId\n1,0114709,862\n29,0112682,\n47,0114369,807\n",
    "tags.csv": (
        b'userId,movieId,tag,timestamp\n3,1,Pixar,1139045764\n4,1,fun,1139045765\n5,1,  PIXAR ,1139045766\n4,47,"dark, very",1139045767\n'
    ),
    "ratings.csv": b"userId,movieId,rating,timestamp\n1,1,4.0,964982703\n1,47,5,964983815\n2,1,0.5,964982931\n",
}
SMALL_100K: Mapping[str, bytes] = {
    "u.item": (
        "1|Toy Story (1995)|01-Jan-1995||http://us.imdb.com/M/title-exact?Toy%20Story%20(1995)|0|0|0|1|1|1|0|0|0|0|0|0|0|0|0|0|0|0|0\n"
        "543|Misérables, Les (1995)|01-Jan-1995||http://us.imdb.com/|0|0|0|0|0|0|0|0|1|0|0|0|1|0|0|0|0|0|0\n"
        "267|unknown||||1|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0\n"
        "1236|Other Voices, Other Rooms|01-Jan-1997||http://us.imdb.com/|0|0|0|0|0|0|0|0|1|0|0|0|0|0|0|0|0|0|0\n"
    ).encode("latin-1"),
    "u.data": b"196\t1\t3\t881250949\n186\t543\t5\t891717742\n",
    "u.genre": b"unknown|0\nAction|1\n",
    "u.user": b"1|24|M|technician|85711\n",
}
SMALL_1M: Mapping[str, bytes] = {
    "movies.dat": "1::Toy Story (1995)::Animation|Children's|Comedy\n73::Misérables, Les (1995)::Drama|Musical\n".encode("latin-1"),
    "ratings.dat": b"1::1::5::978300760\n1::73::3::978302109\n",
    "users.dat": b"1::F::1::10::48067\n",
}
SMALL_10M: Mapping[str, bytes] = {
    "movies.dat": "1::Toy Story (1995)::Animation|Children|Comedy\n73::Misérables, Les (1995)::Drama|War\n".encode(),
    "ratings.dat": b"1::1::5::838985046\n1::73::3.5::838983525\n",
    "tags.dat": b"15::1::excellent::fun!::1215184630\n",
}


def written(directory: Path, files: Mapping[str, bytes], **changed: bytes) -> Path:
    """The files in `directory`; `changed` replaces some, named without their suffix."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (directory / name).write_bytes(changed.get(name.partition(".")[0], content))
    return directory


def zipped(path: Path, files: Mapping[str, bytes], top: str = "ml/") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{top}{name}", content)
            archive.writestr(f"__MACOSX/{top}._{name}", b"\0")
    return path
