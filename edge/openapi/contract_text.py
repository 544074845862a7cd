"""The comments of the contract, by the full name of what they describe."""

from collections.abc import Iterator, Mapping

from google.protobuf import descriptor_pb2

# Field numbers in FileDescriptorProto and its parts (google/protobuf/descriptor.proto); they make up a source location's path.
_FILE_MESSAGE, _FILE_ENUM, _FILE_SERVICE = 4, 5, 6
_MESSAGE_FIELD, _MESSAGE_NESTED, _MESSAGE_ENUM = 2, 3, 4
_SERVICE_METHOD = 2


def comments(files: descriptor_pb2.FileDescriptorSet) -> Mapping[str, str]:
    """Of services, methods, messages, fields and enums; `pkg.Message.field` → text with its paragraphs."""
    found: dict[str, str] = {}
    for file in files.file:
        texts = {tuple(place.path): place.leading_comments for place in file.source_code_info.location if place.leading_comments}
        for path, name in _named(file):
            if path in texts:
                found[name] = _paragraphs(texts[path])
    return found


def _named(file: descriptor_pb2.FileDescriptorProto) -> Iterator[tuple[tuple[int, ...], str]]:
    for index, message in enumerate(file.message_type):
        yield from _of_message(message, (_FILE_MESSAGE, index), file.package)
    for index, enum in enumerate(file.enum_type):
        yield (_FILE_ENUM, index), f"{file.package}.{enum.name}"
    for index, service in enumerate(file.service):
        yield (_FILE_SERVICE, index), f"{file.package}.{service.name}"
        for number, method in enumerate(service.method):
            yield (_FILE_SERVICE, index, _SERVICE_METHOD, number), f"{file.package}.{service.name}.{method.name}"


def _of_message(message: descriptor_pb2.DescriptorProto, path: tuple[int, ...], scope: str) -> Iterator[tuple[tuple[int, ...], str]]:
    name = f"{scope}.{message.name}"
    yield path, name
    for index, field in enumerate(message.field):
        yield (*path, _MESSAGE_FIELD, index), f"{name}.{field.name}"
    for index, enum in enumerate(message.enum_type):
        yield (*path, _MESSAGE_ENUM, index), f"{name}.{enum.name}"
    for index, nested in enumerate(message.nested_type):
        yield from _of_message(nested, (*path, _MESSAGE_NESTED, index), name)


def _paragraphs(text: str) -> str:
    """Without the line breaks of the file; paragraphs and list items stay apart."""
    paragraphs = [" ".join(line.strip() for line in paragraph.splitlines()) for paragraph in text.strip().split("\n\n")]
    listed = [paragraph.replace(" - ", "\n- ") if paragraph.startswith("- ") else paragraph for paragraph in paragraphs]
    return "\n\n".join(listed)
