"""Which passwords are refused: those that everybody tries, in all their disguises."""

import pytest

from identity_service.domain.common_passwords import common_passwords
from identity_service.domain.errors import PasswordCommon
from identity_service.domain.passwords import normalised_password, require_uncommon

MAIL = "ada.lovelace@example.org"


@pytest.mark.parametrize(
    "password",
    [
        "1234567890",
        "Password1234",
        "P@ssw0rd2026!",
        "qwertyuiop",
        "passwordpassword",
        "abababababab",
        "zzzzzzzzzz",
        "iloveyou!!!!",
        "Sunshine2024",
    ],
)
def test_what_everybody_tries_is_refused(password: str) -> None:
    with pytest.raises(PasswordCommon):
        require_uncommon(password, MAIL, common_passwords(), "password")


@pytest.mark.parametrize("password", ["lovelace forever", "I am Lovelace!", "adalovelace"])
def test_what_says_whose_it_is_is_refused(password: str) -> None:
    with pytest.raises(PasswordCommon):
        require_uncommon(password, MAIL, common_passwords(), "password")


@pytest.mark.parametrize(
    "password", ["seven samurai ride", "tr0ub4dor&3 x", "日本語のパスワードです", "sunshine on a rainy day", "ada builds engines"]
)
def test_the_rest_is_taken(password: str) -> None:
    require_uncommon(password, MAIL, common_passwords(), "password")


def test_the_same_characters_are_the_same_password_however_they_are_typed() -> None:
    assert normalised_password("cafe\u0301 ole") == normalised_password("caf\u00e9 ole")


def test_the_list_is_in_the_form_in_which_it_is_looked_up() -> None:
    words = common_passwords()
    assert len(words) > 1_000
    assert all(word == word.lower() for word in words)
