"""Which passwords are taken: any long enough that is not among the first that somebody would try."""

import re
import unicodedata
from collections.abc import Container

from identity_service.domain.errors import PasswordCommon

_SUFFIX = re.compile(r"[\W\d_]+$")
_LEET = str.maketrans("013457@$!|", "oieastasii")
_TELLING = 4  # characters: shorter parts of an address are in many passwords by chance


def normalised_password(password: str) -> str:
    """The same characters however a keyboard sends them (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)


def require_uncommon(password: str, email: str, common: Container[str], field: str) -> None:
    """`common` is in lower case, `field` where the password was given. Also refused: a common word with digits behind it or for letters,
    one thing over and over, the name in the own address."""
    plain = password.lower()
    word = _SUFFIX.sub("", plain)
    if any(form in common for form in (plain, word, plain.translate(_LEET), word.translate(_LEET))) or _repeats(plain):
        raise PasswordCommon(field)
    if any(len(part) >= _TELLING and part in plain for part in re.split(r"[^a-z0-9]+", email.partition("@")[0])):
        raise PasswordCommon(field)


def _repeats(text: str) -> bool:
    """Up to four characters over and over."""
    return any(text == (text[:size] * len(text))[: len(text)] for size in range(1, 5))
