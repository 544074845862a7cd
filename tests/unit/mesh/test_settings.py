"""Settings, from the environment to the process that uses them."""

from pathlib import Path

import pytest

from mesh.environment import WrongSettings, read_settings
from mesh.registry.settings import RegistrySettings
from mesh.settings import Settings, checked_settings, written_settings


def test_settings_reach_the_hosted_service_as_they_were_checked() -> None:
    told = {"REELMESH_DATABASE_POOL_SIZE": "7", "REELMESH_JWKS_FILE": "/keys", "REELMESH_DRAIN_SECONDS": "2.5", "OTHER": "x"}
    settings = read_settings(Settings, told)
    assert (settings.database_pool_size, settings.jwks_file, settings.drain_seconds) == (7, Path("/keys"), 2.5)
    assert checked_settings(written_settings(settings)) == settings


def test_every_wrong_setting_is_named_in_one_line() -> None:
    told = {"REELMESH_TRANSPORT": "pigeon", "REELMESH_DATABASE_POOL_SIZE": "0", "REELMESH_TRACE_RATIO": "2", "REELMESH_DRAIN_SECONDS": "0"}
    with pytest.raises(WrongSettings) as wrong:
        read_settings(Settings, told)
    assert "\n" not in str(wrong.value)
    assert all(f"{name}: " in str(wrong.value) for name in told)


def test_a_prefix_that_consul_would_not_take_is_wrong() -> None:
    with pytest.raises(WrongSettings, match="consul_prefix"):
        read_settings(RegistrySettings, {"REELMESH_CONSUL_PREFIX": "a/b"})
