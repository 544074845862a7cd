"""Which spans there are, and what they cost where nobody collects them."""

import subprocess
import sys

import pytest
from opentelemetry.trace import SpanKind

from mesh.postgres.tracing import summarised
from mesh.tracing import Tracing, is_sampled

RECORDED, UNRECORDED = f"00-{'1' * 32}-{'2' * 16}-01", f"00-{'1' * 32}-{'2' * 16}-00"


def test_without_a_collector_there_is_no_span_and_the_callers_decision_is_passed_on() -> None:
    tracing = Tracing("movie", ratio=1.0)
    for header in (RECORDED, UNRECORDED):
        context, span = tracing.server_call("/a.B/C", header)
        assert (context.trace_id, context.traceparent, span) == ("1" * 32, header, None)
    context, span = tracing.server_call("/a.B/C", None)
    assert span is None
    assert not context.sampled, "a decision that nobody keeps must not burden the next hop"
    assert tracing.child("x", SpanKind.CLIENT, RECORDED, {}) is None


def test_without_a_collector_no_sdk_is_loaded() -> None:
    loads = "import sys, mesh.server, mesh.tracing; mesh.tracing.Tracing('movie'); print('opentelemetry.sdk' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", loads], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("header", "expected"),
    [(RECORDED, True), (UNRECORDED, False), (RECORDED[:-2] + "03", True), ("", False), ("nonsense-01", False), (RECORDED + "-x", False)],
)
def test_a_header_says_whether_its_trace_is_recorded(header: str, expected: bool) -> None:
    assert is_sampled(header) is expected


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("SELECT id FROM movies WHERE id = %(id)s FOR UPDATE SKIP LOCKED", "SELECT movies"),
        ("SELECT a FROM movies JOIN people ON true", "SELECT movies people"),
        ("INSERT INTO ratings (a) VALUES (%(a)s) ON CONFLICT (a) DO UPDATE SET a = 1", "INSERT ratings"),
        ("\n  WITH gone AS (DELETE FROM likes RETURNING 1) SELECT count(*) FROM gone", "DELETE likes SELECT gone"),
        ("UPDATE reviews SET a = 1", "UPDATE reviews"),
        ("COPY incoming FROM STDIN", "COPY incoming"),
        ("COMMIT", "COMMIT"),
    ],
)
def test_a_statement_is_named_by_what_it_does_to_which_tables(text: str, summary: str) -> None:
    assert summarised(text) == summary
