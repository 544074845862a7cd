"""`ADDRESS_FILE=… python -m tests.contract.transport.serve grpcio|envoy [MAX_HEAP_BYTES]`: the methods under test until SIGTERM.

With `REELMESH_TLS_DIR` in the environment: for callers with a certificate.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from mesh.control_plane.envoy_tls import EnvoyTls
from mesh.environment import read_settings
from mesh.tls.settings import TlsSettings
from mesh.transport.grpcio.server import GrpcioServer
from tests.contract.transport.methods import methods_under_test


async def _serve(file: Path) -> None:
    tls = read_settings(TlsSettings, os.environ)
    server = GrpcioServer(methods_under_test(tls), "127.0.0.1:0", tls.identity)
    await server.start()
    await server.set_serving(True)
    await asyncio.to_thread(file.write_text, server.address)
    terminated = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminated.set)
    await terminated.wait()
    await server.set_serving(False)
    await server.drain(2)


def main(transport: str, file: Path, max_heap: str = "") -> None:
    if transport == "grpcio":
        asyncio.run(_serve(file))
        return
    from mesh.transport.envoy.bootstrap import MAX_HEAP_BYTES, bootstrap
    from mesh.transport.envoy.launch import become

    configuration = bootstrap(
        "tests.contract.transport.hosted:app",
        "127.0.0.1:0",
        node_id="test",
        zone="",
        xds_servers=[],
        max_heap_bytes=int(max_heap or MAX_HEAP_BYTES),
        tls=EnvoyTls.written(read_settings(TlsSettings, os.environ).identity, file.parent),
    )
    become(configuration, file.with_suffix(".admin"), {})


if __name__ == "__main__":
    main(sys.argv[1], Path(os.environ["ADDRESS_FILE"]), *sys.argv[2:])
