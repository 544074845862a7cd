"""`python -m edge`: the control plane with the edge's resources."""

import asyncio
import sys

from edge.descriptors import ContractMissing, load_contract
from edge.openapi.pages import pages
from edge.process import StartFailed, run
from edge.settings import EdgeSettings
from mesh.logs import configure_logs

settings = EdgeSettings()
configure_logs("edge", settings.instance_id, settings.log_level)
try:
    asyncio.run(run(settings, load_contract(), pages()))
except (ContractMissing, StartFailed) as error:
    sys.exit(str(error))
