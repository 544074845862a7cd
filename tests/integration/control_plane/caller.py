"""`python -m tests.integration.control_plane.caller TARGET XDS_SERVER TLS_DIR`: a call for each line that it reads, and a line about it.

With an empty TLS_DIR the target is dialled in plain text.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import grpc

from mesh.control_plane.client_bootstrap import use_control_plane
from mesh.tls.grpc_credentials import mesh_credentials
from mesh.tls.identity import Identity
from tests.contract.transport.probe import SERVICE

_SECONDS = 5.0


def main(target: str, xds_server: str, tls_dir: str) -> None:
    identity = Identity(Path(tls_dir)) if tls_dir else None
    use_control_plane(os.environ, [xds_server], node_id="caller", identity=identity)
    opened = grpc.insecure_channel(target) if identity is None else grpc.secure_channel(target, mesh_credentials(identity))
    with opened as channel:
        call: Any = channel.unary_unary(f"/{SERVICE}/Metadata")
        for _ in sys.stdin:
            try:
                told = {"identity": json.loads(call(b"", timeout=_SECONDS))["identity"]}
            except grpc.RpcError as error:
                told = {"code": error.code().name, "details": error.details()}
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
