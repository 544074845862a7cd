"""Which registry the settings mean."""

from pathlib import Path

import pytest

from mesh.environment import read_settings
from mesh.registry.choice import registry_of
from mesh.registry.consul.registry import ConsulRegistry
from mesh.registry.local import LocalRegistry
from mesh.registry.settings import RegistrySettings


def test_the_settings_choose(tmp_path: Path) -> None:
    assert registry_of(RegistrySettings()) is None
    assert isinstance(registry_of(RegistrySettings(registry_dir=tmp_path)), LocalRegistry)
    assert isinstance(registry_of(RegistrySettings(registry="consul", registry_dir=tmp_path)), ConsulRegistry)


@pytest.mark.parametrize(
    ("address", "url"),
    [("consul:8500", "http://consul:8500"), ("https://consul:8501", "https://consul:8501"), ("[::1]:8500", "http://[::1]:8500")],
)
def test_an_address_is_a_url(address: str, url: str) -> None:
    assert RegistrySettings(consul_addr=address).consul_url == url


@pytest.mark.parametrize("address", ["", "consul", "consul:http", "ftp://consul:8500", "consul:99999"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        registry_of(RegistrySettings(registry="consul", consul_addr=address))


def test_certificates_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        registry_of(RegistrySettings(registry="consul", consul_ca_file=tmp_path / "ca.pem"))


def test_a_prefix_that_no_service_can_have_is_refused() -> None:
    with pytest.raises(ValueError, match="letters, digits and dashes"):
        RegistrySettings(consul_prefix="a/b")


def test_the_token_is_not_in_what_is_printed() -> None:
    settings = read_settings(RegistrySettings, {"REELMESH_CONSUL_TOKEN": "s3cret"})
    assert settings.consul_token == "s3cret"
    assert "s3cret" not in repr(settings)
