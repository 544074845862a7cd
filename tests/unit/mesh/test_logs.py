"""What a line of log carries, and what is told whatever the level."""

import json
import subprocess
import sys

_LOGS = """
import structlog
from mesh.logs import AUDIT, configure_logs
configure_logs("movie", "movie-1", "ERROR")
structlog.get_logger("test").info("ordinary")
structlog.get_logger("test").error("wrong", reason="some")
structlog.get_logger(AUDIT).info("changed")
"""


def test_what_operators_changed_is_told_whatever_the_level_of_the_rest() -> None:
    done = subprocess.run([sys.executable, "-c", _LOGS], capture_output=True, text=True, timeout=60, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [("wrong", "error"), ("changed", "info")]
    assert {(line["service"], line["instance"]) for line in lines} == {("movie", "movie-1")}
