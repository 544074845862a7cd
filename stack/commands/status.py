"""`reelmesh status`: every process with its health as of now, address, pid and memory."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from stack.commands.told import DEFAULT_DATA_DIR, DataDirOption, told
from stack.directory import DataDirectory
from stack.state import read_state

_WIDE = 160  # columns


def status(
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show what runs in the data directory."""
    with told():
        directory = DataDirectory(data_dir)
        running = directory.running_pid() is not None
        state = read_state(directory.state_file) if running else None
        if state is None:
            sentence = f"the stack in {directory.path} has just begun to start" if running else f"nothing is running in {directory.path}"
            print(json.dumps({"processes": [], "urls": {}}) if as_json else sentence)
            return
        from stack.health import check_health
        from stack.memory import resident_bytes
        from stack.mesh_view import agreement, ask_control_planes, rules_in_words

        health = check_health(directory, state.processes)
        sizes = resident_bytes(process.pid for process in state.processes if process.pid)
        planes = ask_control_planes(directory, state.processes, whole=False)
        places = {"mailbox": str(directory.mailbox), "admin_login": str(directory.admin_login)}
        rules = next((rules_in_words(plane.mesh) for plane in planes if plane.mesh is not None), [])
        rows = [(entry, word, sizes.get(entry.pid or 0, 0)) for entry, word in zip(state.processes, health, strict=True)]
        if as_json:
            rest = ("name", "kind", "pid", "address", "admin")
            processes = [{**{key: asdict(entry)[key] for key in rest}, "health": word, "rss_bytes": size} for entry, word, size in rows]
            print(
                json.dumps(
                    {"processes": processes, "urls": dict(state.urls), "mesh": agreement(planes), "rules": rules, **places}, indent=2
                )
            )
            return
        from rich.console import Console

        from stack.display import process_table

        console = Console()
        if not console.is_terminal:
            console = Console(width=_WIDE)  # nobody reads addresses with an end cut off, least of all a program
        console.print(process_table(rows))
        for name, url in state.urls.items():
            console.print(f"{name:<8} {url}", highlight=False)
        console.print(
            f"mailbox  {directory.mailbox}\nlogin    {directory.admin_login} (the first administrator's)", highlight=False, soft_wrap=True
        )
        if planes:
            console.print(f"mesh     {agreement(planes)}", highlight=False)
        for line in rules:
            console.print(line, highlight=False)
