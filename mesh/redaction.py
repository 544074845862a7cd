"""Messages without their secrets: the fields that the contract marks `debug_redact`."""

from functools import cache
from typing import TypeVar

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

M = TypeVar("M", bound=Message)


def without_secrets(message: M) -> M:
    """A copy, or the message itself when its type has no secrets."""
    if not has_secrets(message.DESCRIPTOR):
        return message
    copy = type(message)()
    copy.CopyFrom(message)
    _clear(copy)
    return copy


@cache
def has_secrets(descriptor: Descriptor) -> bool:
    """Also in the messages inside; a type that contains itself is looked at once."""
    seen, waiting = {descriptor.full_name}, [descriptor]
    while waiting:
        for field in waiting.pop().fields:
            if is_secret(field):
                return True
            if field.message_type is not None and field.message_type.full_name not in seen:
                seen.add(field.message_type.full_name)
                waiting.append(field.message_type)
    return False


def is_secret(field: FieldDescriptor) -> bool:
    return bool(field.GetOptions().debug_redact)


def _clear(message: Message) -> None:
    for field, value in message.ListFields():
        if is_secret(field):
            message.ClearField(field.name)
        elif field.message_type is not None and not field.message_type.GetOptions().map_entry and has_secrets(field.message_type):
            for each in value if field.is_repeated else [value]:
                _clear(each)
