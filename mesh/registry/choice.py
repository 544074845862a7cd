"""The registry that the settings ask for."""

from mesh.registry.local import LocalRegistry
from mesh.registry.port import Registry
from mesh.registry.settings import RegistrySettings


def registry_of(settings: RegistrySettings) -> Registry | None:
    """None when the settings name none. Raises ValueError or OSError for a Consul that cannot be asked."""
    if settings.registry == "consul":
        from mesh.registry.consul.client import connecting  # HTTP and TLS, which a process with local files does without
        from mesh.registry.consul.registry import ConsulRegistry

        return ConsulRegistry(connecting(settings), settings.consul_prefix)
    return None if settings.registry_dir is None else LocalRegistry(settings.registry_dir)
