"""The `reelmesh` command: parses what was asked and hands it to one module for each command."""

import typer

from stack.commands.call import call
from stack.commands.canary import canary
from stack.commands.down import down
from stack.commands.evaluate import evaluate
from stack.commands.fault import fault
from stack.commands.importing import import_app
from stack.commands.keys import keys
from stack.commands.loglevel import loglevel
from stack.commands.mesh import mesh
from stack.commands.status import status
from stack.commands.token import token
from stack.commands.train import train
from stack.commands.up import up

app = typer.Typer(
    help="Reelmesh on one machine: PostgreSQL, NATS, the mesh, its services and the edge.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (up, down, status, mesh, canary, fault, call, token, keys, loglevel, train, evaluate):
    app.command()(command)
app.add_typer(import_app, name="import")
