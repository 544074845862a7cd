"""`reelmesh import …`: the importer is loaded only when it is asked for."""

import importlib

import typer

import_app = typer.Typer(help="Bring data sets into a running stack.", no_args_is_help=True)
_EVERYTHING_GOES_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False}


@import_app.command("movielens", context_settings=_EVERYTHING_GOES_ON, add_help_option=False)
def movielens(context: typer.Context) -> None:
    """Import a MovieLens directory or zip: latest-small, 100k, 1m, 20m and later."""
    importer = importlib.import_module("stack.importer.command")
    command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    command.command()(importer.movielens)
    command(args=context.args, prog_name="reelmesh import movielens")
