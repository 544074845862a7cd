"""What a method has to declare before anything serves it."""

from collections.abc import Callable

import pytest
from google.api import annotations_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import MethodDescriptor

from mesh.policy import Access, IncompleteContract, method_policy
from reelmesh.options.v1 import options_pb2

Options = descriptor_pb2.MethodOptions


def declared(change: Callable[[Options], object] = lambda options: None) -> MethodDescriptor:
    """A method with everything, changed by `change`."""
    file = descriptor_pb2.FileDescriptorProto(name="sample.proto", package="reelmesh.sample.v1", syntax="proto3")
    file.message_type.add(name="AskRequest")
    method = file.service.add(name="Sample").method.add(
        name="Ask", input_type=".reelmesh.sample.v1.AskRequest", output_type=".reelmesh.sample.v1.AskRequest"
    )
    method.options.idempotency_level = Options.NO_SIDE_EFFECTS
    method.options.Extensions[annotations_pb2.http].get = "/v1/ask"
    rule = method.options.Extensions[options_pb2.rule]
    rule.access = options_pb2.ACCESS_MODERATOR
    rule.deadline.seconds = 1
    change(method.options)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool.FindServiceByName("reelmesh.sample.v1.Sample").methods_by_name["Ask"]


def test_a_rule_says_who_may_call() -> None:
    assert method_policy(declared()).access is Access.MODERATOR


def test_every_rule_of_the_contract_is_known() -> None:
    assert {access.value for access in Access} == set(options_pb2.Access.values()) - {options_pb2.ACCESS_UNSPECIFIED}


@pytest.mark.parametrize(
    "change",
    [
        lambda options: options.ClearExtension(options_pb2.rule),
        lambda options: options.Extensions[options_pb2.rule].ClearField("access"),
        lambda options: options.Extensions[options_pb2.rule].ClearField("deadline"),
        lambda options: options.ClearField("idempotency_level"),
        lambda options: options.ClearExtension(annotations_pb2.http),
    ],
    ids=["no rule", "no access", "no deadline", "no level", "no route"],
)
def test_a_method_that_leaves_something_open_is_served_by_nobody(change: Callable[[Options], object]) -> None:
    with pytest.raises(IncompleteContract):
        method_policy(declared(change))
