"""The contract without its options: what other teams' stubs are made from; they import google.protobuf, money and HttpBody only."""

from collections.abc import Iterator

from google.protobuf import descriptor_pb2
from google.protobuf.message import Message

_OPTIONS = "reelmesh/options/"
_KEPT = ("google/protobuf/", "google/type/", "google/api/httpbody.proto", "reelmesh/")


def without_options(files: descriptor_pb2.FileDescriptorSet) -> descriptor_pb2.FileDescriptorSet:
    """Messages, services and comments as they are; custom options, and the imports that only they need, are gone."""
    lean = descriptor_pb2.FileDescriptorSet()
    for file in files.file:
        if _stays(file.name):
            copy = lean.file.add()
            copy.CopyFrom(file)
            copy.dependency[:] = [name for name in file.dependency if _stays(name)]
            _strip(copy)
    return lean


def _stays(name: str) -> bool:
    return name.startswith(_KEPT) and not name.startswith(_OPTIONS)


def _strip(descriptor: Message) -> None:
    """Clear custom options in `descriptor` and in everything that it holds."""
    for child in _children(descriptor):
        if child.DESCRIPTOR.name.endswith("Options"):
            for field, _ in child.ListFields():
                if field.is_extension:
                    child.ClearExtension(field)  # type: ignore[arg-type]  # the stubs know extensions only by their handles
            # Options that this process has not imported are carried as unknown fields.
            child.DiscardUnknownFields()
        else:
            _strip(child)


def _children(message: Message) -> Iterator[Message]:
    for field, value in message.ListFields():
        if field.message_type is None or field.name == "source_code_info":
            continue
        if field.is_repeated:
            yield from value
        else:
            yield value
