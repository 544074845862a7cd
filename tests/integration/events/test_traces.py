"""Events carry on the trace of the request that caused them, one by one and in batches."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from google.protobuf.message import Message

from mesh import trace_export
from mesh.call import ANONYMOUS, Call, Deadline, TraceContext, current_call
from mesh.events.batch_consumer import BatchConsumer
from mesh.events.bus import Bus
from mesh.events.consumer import Consumer
from mesh.events.relay import Relay
from mesh.postgres.database import Database
from mesh.postgres.transaction import Transaction
from mesh.tracing import Tracing
from tests.integration.events.conftest import RECEIVED, Running, until, write
from tests.integration.events.invented import RECEIVE, Counted
from tests.spans import Collector, Span, collecting

PUBLISH, PROCESS = "publish events.test.Counted", "process events.test.Counted"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


def tracing(collector: Collector, service: str) -> Tracing:
    return Tracing(service, otlp_endpoint=collector.address, ratio=0.0)


@contextmanager
def request(trace_id: str, sampled: bool = True) -> Iterator[None]:
    header = f"00-{trace_id}-{'f' * 16}-{'01' if sampled else '00'}"
    token = current_call.set(Call("/test", ANONYMOUS, Deadline.after(10), (), TraceContext(trace_id, header)))
    try:
        yield
    finally:
        current_call.reset(token)


async def test_each_event_of_a_batch_is_handled_in_its_own_trace(
    publisher: Database, receiver: Database, bus: Bus, collector: Collector
) -> None:
    recorded = [f"{number:032x}" for number in range(1, 4)]
    for number, trace_id in enumerate(recorded):
        with request(trace_id):
            await write(publisher, ("a", number))
    with request("9" * 32, sampled=False):
        await write(publisher, ("a", 3))
    await write(publisher, ("a", 4))  # outside of any call
    sending, receiving = tracing(collector, "sender"), tracing(collector, "receiver")

    async def handle(transaction: Transaction, events: Sequence[Message]) -> None:
        for event in events:
            assert isinstance(event, Counted)
            await transaction.execute(RECEIVE, key=event.key, number=event.number)

    consumer = BatchConsumer("traced", receiver, bus, [Counted], handle, tracing=receiving)
    async with Running(Relay(publisher, bus, "test", tracing=sending).run), Running(consumer.run):
        await until(lambda: _count(receiver, 5))
    for each in (sending, receiving):
        await asyncio.to_thread(each.flush)
    traces = collector.traces
    assert set(traces.by_id) == set(recorded), "neither what is not sampled nor what has no trace is recorded"
    for trace_id in recorded:
        spans = {span.name: span for span in traces.by_id[trace_id]}
        assert spans[PUBLISH].parent_id == "f" * 16
        assert spans[PROCESS].parent_id == spans[PUBLISH].span_id
        assert spans[PROCESS].attributes["messaging.consumer.group.name"] == "traced"
    owners = {_above(traces.spans, span).name for span in traces.spans if span.attributes.get("db.system.name")}
    assert owners == {PROCESS}


async def test_an_event_that_cannot_be_handled_is_an_error_in_its_trace(
    publisher: Database, receiver: Database, bus: Bus, collector: Collector
) -> None:
    with request("1" * 32):
        await write(publisher, ("a", 1))

    async def handle(transaction: Transaction, event: Counted, meta: object) -> None:
        raise ValueError("no")

    sending, receiving = tracing(collector, "sender"), tracing(collector, "receiver")
    consumer = Consumer("failing", receiver, bus, {Counted: handle}, attempts=2, retry_seconds=0.01, tracing=receiving)
    async with Running(Relay(publisher, bus, "test", tracing=sending).run), Running(consumer.run):
        await asyncio.to_thread(collector.eventually, lambda found: sum(span.failed for span in found.spans) >= 3)
    failed = [span for span in collector.traces.spans if span.failed]
    assert {(span.name, span.attributes["error.type"]) for span in failed} == {(PROCESS, "ValueError")}


async def test_a_statement_that_fails_is_an_error_without_its_values(
    publisher: Database, receiver: Database, bus: Bus, collector: Collector
) -> None:
    with request("1" * 32):
        await write(publisher, ("secret", 1))

    async def handle(transaction: Transaction, event: Counted, meta: object) -> None:
        await transaction.execute(RECEIVE, key=event.key, number=None)

    sending, receiving = tracing(collector, "sender"), tracing(collector, "receiver")
    consumer = Consumer("failing", receiver, bus, {Counted: handle}, attempts=1, tracing=receiving)
    async with Running(Relay(publisher, bus, "test", tracing=sending).run), Running(consumer.run):
        await asyncio.to_thread(collector.eventually, lambda found: any(span.name == "INSERT received" for span in found.spans))
    statement = next(span for span in collector.traces.spans if span.name == "INSERT received")
    assert (statement.failed, statement.attributes["db.response.status_code"]) == (True, "23502")
    assert "secret" not in str(collector.traces.spans)


async def test_a_collector_that_does_not_answer_costs_spans_and_no_call(monkeypatch: pytest.MonkeyPatch, collector: Collector) -> None:
    monkeypatch.setattr(trace_export, "_QUEUE", 600)
    collector.block()
    traced = Tracing("movie", otlp_endpoint=collector.address, ratio=1.0)
    for _ in range(5_000):
        _, span = traced.server_call("/a.B/C", None)
        assert span is not None
        span.end()
    collector.unblock()
    await asyncio.to_thread(traced.flush)
    assert 0 < len(collector.traces.spans) < 5_000


async def _count(receiver: Database, expected: int) -> bool:
    return len(await receiver.fetch_all(RECEIVED)) == expected


def _above(spans: Sequence[Span], span: Span) -> Span:
    return next(each for each in spans if each.span_id == span.parent_id)
