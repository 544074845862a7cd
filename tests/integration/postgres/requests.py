"""A request message with a request id, made here so that these tests need no context's contract."""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory


def request_class() -> Any:
    """`message Request { string request_id = 1; string name = 2; string secret = 3 [debug_redact = true]; }`"""
    file = descriptor_pb2.FileDescriptorProto(name="test_requests.proto", package="reelmesh.test", syntax="proto3")
    message = file.message_type.add(name="Request")
    for number, name in enumerate(("request_id", "name", "secret"), start=1):
        field = message.field.add(
            name=name,
            number=number,
            type=descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
            label=descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL,
        )
        field.options.debug_redact = name == "secret"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("reelmesh.test.Request"))
