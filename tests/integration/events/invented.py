"""The events of an invented context, made here so that these tests need no context's contract, and what it does with them."""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from mesh.events.wire import EventMeta
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction

_file = descriptor_pb2.FileDescriptorProto(name="test_events.proto", package="reelmesh.test.v1", syntax="proto3")
for _name in ("Counted", "Other"):
    _message = _file.message_type.add(name=_name)
    _message.field.add(name="key", number=1, type=9, label=1)
    _message.field.add(name="number", number=2, type=5, label=1)
_pool = descriptor_pool.DescriptorPool()
_pool.Add(_file)

# message Counted { string key = 1; int32 number = 2; }
Counted: Any = message_factory.GetMessageClass(_pool.FindMessageTypeByName("reelmesh.test.v1.Counted"))
Other: Any = message_factory.GetMessageClass(_pool.FindMessageTypeByName("reelmesh.test.v1.Other"))

RECEIVE = text_statement("INSERT INTO received (key, number) VALUES (%(key)s, %(number)s)")


async def receive(transaction: Transaction, event: Any, meta: EventMeta) -> None:
    """An effect that shows as two rows when it happens twice."""
    await transaction.execute(RECEIVE, key=event.key, number=event.number)
