"""Log files stay small, and their last words can be quoted."""

from pathlib import Path

import pytest

from stack import logfiles
from stack.logfiles import LogFile


def test_of_a_json_line_only_what_was_said_is_quoted(tmp_path: Path) -> None:
    log = LogFile(tmp_path, "movie-1")
    exception = "Traceback …\\n  line\\nValueError: no url"
    log.path.write_text(f'plain\n\n{{"event": "starting", "level": "info"}}\n{{"event": "failed", "exception": "{exception}"}}\n[1]\n')
    assert log.last_lines() == ["plain", "starting", "failed: ValueError: no url", "[1]"]
    assert log.last_lines(1) == ["[1]"]


def test_a_log_that_was_never_written_has_no_last_words(tmp_path: Path) -> None:
    assert LogFile(tmp_path, "movie-1").last_lines() == []


def test_a_grown_file_is_set_aside_while_its_writer_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logfiles, "_KEPT", 10)
    log = LogFile(tmp_path, "movie-1")
    with log.open() as writer:
        writer.write(b"0123456789abcdef")
        writer.flush()
        log.bound()
        writer.write(b"later")
    assert log.path.read_text() == "later"
    assert (tmp_path / "movie-1.log.1").read_text() == "0123456789abcdef"
