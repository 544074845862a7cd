"""A gRPC server whose contract exists only at run time, with reflection: something for `reelmesh call` to discover."""

from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_reflection.v1alpha import reflection
from grpc_status import rpc_status

_SERVICE = "test.echo.v1.EchoService"


def _contract() -> DescriptorPool:
    file = FileDescriptorProto(name="test/echo/v1/echo.proto", package="test.echo.v1", syntax="proto3")
    word = file.message_type.add(name="Word")
    word.field.add(name="spoken_text", number=1, type=FieldDescriptorProto.TYPE_STRING, label=FieldDescriptorProto.LABEL_OPTIONAL)
    word.field.add(name="times", number=2, type=FieldDescriptorProto.TYPE_INT32, label=FieldDescriptorProto.LABEL_OPTIONAL)
    service = file.service.add(name="EchoService")
    for name, takes, gives in (
        ("Say", False, False), ("Repeat", False, True), ("Join", True, False), ("Chat", True, True), ("Refuse", False, False),
        ("Whoami", False, False),
    ):  # fmt: skip
        service.method.add(
            name=name, input_type=".test.echo.v1.Word", output_type=".test.echo.v1.Word", client_streaming=takes, server_streaming=gives
        )
    pool = DescriptorPool()
    pool.Add(file)
    return pool


@contextmanager
def echo_server(*, reflected: bool = True) -> Iterator[str]:
    """Yields host:port."""
    pool = _contract()
    word: Any = GetMessageClass(pool.FindMessageTypeByName("test.echo.v1.Word"))

    def refuse(request: Any, context: grpc.ServicerContext) -> Any:
        detail = AnyMessage()
        detail.Pack(error_details_pb2.ErrorInfo(reason="WORD_UNKNOWN", domain="test.echo", metadata={"word": request.spoken_text}))
        context.abort_with_status(
            rpc_status.to_status(status_pb2.Status(code=code_pb2.NOT_FOUND, message="no such word", details=[detail]))
        )

    def whoami(request: Any, context: grpc.ServicerContext) -> Any:
        sent = {key: value for key, value in context.invocation_metadata() if key in ("authorization", "accept-language")}
        return word(spoken_text=" ".join(f"{key}={value!s}" for key, value in sorted(sent.items())))

    def wrapped(maker: Any, behaviour: Any) -> Any:
        return maker(behaviour, request_deserializer=word.FromString, response_serializer=word.SerializeToString)

    def repeat(request: Any, _: grpc.ServicerContext) -> Iterator[Any]:
        return (word(spoken_text=f"{request.spoken_text} {number}") for number in range(request.times))

    methods = {
        "Say": wrapped(grpc.unary_unary_rpc_method_handler, lambda request, _: request),
        "Repeat": wrapped(grpc.unary_stream_rpc_method_handler, repeat),
        "Join": wrapped(grpc.stream_unary_rpc_method_handler, lambda all_of, _: word(spoken_text=" ".join(w.spoken_text for w in all_of))),
        "Chat": wrapped(grpc.stream_stream_rpc_method_handler, lambda all_of, _: iter(all_of)),
        "Refuse": wrapped(grpc.unary_unary_rpc_method_handler, refuse),
        "Whoami": wrapped(grpc.unary_unary_rpc_method_handler, whoami),
    }
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, methods),))
    if reflected:
        reflection.enable_server_reflection([_SERVICE, reflection.SERVICE_NAME], server, pool=pool)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
