"""Lines of a file that may hold anything: bounded in length, numbered, and with the place where each one ends."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

LONGEST: Final = 65_536  # bytes; the longest line of any MovieLens file has about 700


@dataclass(frozen=True, slots=True)
class Line:
    """`problem` says why there is no text. `end` is the offset of the next line in the (unpacked) file."""

    number: int
    end: int
    text: str
    problem: str = ""


def read_lines(stream: IO[bytes], offset: int = 0, number: int = 0, *, latin: bool = False) -> Iterator[Line]:
    """The lines that follow `offset`, which has `number` lines before it; blank ones are passed over.

    A record never spans lines: so a stray quotation mark costs one row and not the rest of the file. With `latin`, what is not
    UTF-8 is read as Latin-1 (the data sets before 2009; copies in UTF-8 are about).
    """
    if offset:
        stream.seek(offset)
    while raw := stream.readline(LONGEST + 1):
        number += 1
        offset += len(raw)
        if len(raw) > LONGEST and not raw.endswith(b"\n"):
            while (rest := stream.readline(LONGEST)) and not rest.endswith(b"\n"):
                offset += len(rest)
            offset += len(rest)
            yield Line(number, offset, "", f"the line is longer than {LONGEST:,} bytes")
        elif b"\0" in raw:
            yield Line(number, offset, "", "the line contains NUL bytes")
        elif text := raw.strip(b"\r\n"):
            yield _decoded(number, offset, text, latin)


def _decoded(number: int, end: int, raw: bytes, latin: bool) -> Line:
    try:
        text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        if not latin:
            return Line(number, end, "", f"byte {error.start + 1} of the line is not UTF-8")
        text = raw.decode("latin-1")
    return Line(number, end, text)
