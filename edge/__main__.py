"""`python -m edge`: the control plane with the edge's resources."""

import asyncio
import os
import sys

from edge.descriptors import ContractMissing, load_contract
from edge.openapi.pages import pages
from edge.process import StartFailed, run
from edge.settings import EdgeSettings
from mesh.environment import WrongSettings, read_settings
from mesh.logs import configure_logs
from mesh.tls.identity import IdentityUnusable

try:
    settings = read_settings(EdgeSettings, os.environ)
    configure_logs("edge", settings.instance_id, settings.log_level)
    asyncio.run(run(settings, load_contract(), pages()))
except (ContractMissing, IdentityUnusable, StartFailed, WrongSettings) as error:
    sys.exit(str(error))
