"""How the stack itself reaches Consul: as its services do, from the environment of `reelmesh up`."""

import os

from mesh.environment import WrongSettings, read_settings
from mesh.registry.settings import RegistrySettings
from stack.errors import StackError


def consul_settings(address: str) -> RegistrySettings:
    """Raises StackError for settings that are none."""
    try:
        return read_settings(RegistrySettings, {**os.environ, "REELMESH_CONSUL_ADDR": address})
    except WrongSettings as error:
        raise StackError(str(error)) from error
