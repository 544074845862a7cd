"""What identity is told by its environment."""

from datetime import timedelta

import pytest

from identity_service.infrastructure.settings import IdentitySettings
from mesh.environment import WrongSettings

KEY = {"REELMESH_IDENTITY_SIGNING_KEY_FILE": "/keys/key.pem"}


def test_the_key_has_to_be_named() -> None:
    with pytest.raises(WrongSettings, match="SIGNING_KEY_FILE"):
        IdentitySettings.of({})


def test_settings_are_read_by_name() -> None:
    told = {
        "ARGON2_MEMORY_KIB": "1024",
        "REFRESH_GRACE_SECONDS": "3",
        "LOGINS": "7",
        "DATA_HOLDERS": "rating,library",
        "HASHING_QUEUE": "0",
    }
    settings = IdentitySettings.of(KEY | {f"REELMESH_IDENTITY_{name}": value for name, value in told.items()})
    assert settings.hashing.memory_kib == 1024
    assert settings.hashing.most_waiting == 0
    assert settings.lifetimes.grace == timedelta(seconds=3)
    assert settings.allowances.pair.free == 7
    assert settings.data_holders == ("rating", "library")


@pytest.mark.parametrize(("name", "value"), [("ARGON2_TIME_COST", "0"), ("REFRESH_SECONDS", "nan"), ("LOGINS", "none")])
def test_a_number_out_of_bounds_is_told(name: str, value: str) -> None:
    with pytest.raises(WrongSettings, match=name):
        IdentitySettings.of(KEY | {f"REELMESH_IDENTITY_{name}": value})
