"""grpcurl knows nothing of our contracts: what it lists, describes and calls, it has from reflection."""

import json

from tests.tools import Finished, finished, required_tool


async def _grpcurl(*arguments: str) -> Finished:
    return await finished(required_tool("grpcurl"), ["-plaintext", "-max-time", "10", *arguments])


async def test_services_and_methods_are_listed(address: str) -> None:
    services = await _grpcurl(address, "list")
    assert {"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection", "grpc.testing.TestService"} <= set(services.output.split())
    methods = await _grpcurl(address, "list", "grpc.testing.TestService")
    assert "grpc.testing.TestService.FullDuplexCall" in methods.output.split()


async def test_methods_and_messages_are_described_with_our_options(address: str) -> None:
    method = await _grpcurl(address, "describe", "grpc.testing.TestService.UnaryCall")
    assert "rpc UnaryCall ( .grpc.testing.SimpleRequest ) returns ( .grpc.testing.SimpleResponse )" in method.output
    assert "ACCESS_PUBLIC" in method.output
    message = await _grpcurl(address, "describe", "grpc.testing.EchoStatus")
    assert "int32 code = 1;" in message.output


async def test_a_call_is_answered_with_metadata(address: str) -> None:
    sent = ["-H", "x-grpc-test-echo-initial: hello", "-d", '{"response_size": 3}']
    answer = await _grpcurl("-v", *sent, address, "grpc.testing.TestService/UnaryCall")
    assert answer.exit_code == 0, answer.complaint
    assert '"body": "AAAA"' in answer.output
    assert "x-grpc-test-echo-initial: hello" in answer.output


async def test_a_stream_of_requests_is_answered_by_a_stream(address: str) -> None:
    asked = json.dumps({"response_parameters": [{"size": 1}, {"size": 2}]})
    answer = await _grpcurl("-d", asked + asked, address, "grpc.testing.TestService/FullDuplexCall")
    assert answer.output.count('"body"') == 4


async def test_violations_of_the_contract_are_told_as_details(address: str) -> None:
    answer = await _grpcurl("-d", '{"response_size": -1}', address, "grpc.testing.TestService/UnaryCall")
    assert answer.exit_code != 0
    assert "InvalidArgument" in answer.complaint
    assert "response_size" in answer.complaint
    assert "google.rpc.BadRequest" in answer.complaint


async def test_health_is_answered(address: str) -> None:
    answer = await _grpcurl("-d", '{"service": "grpc.testing.TestService"}', address, "grpc.health.v1.Health/Check")
    assert json.loads(answer.output) == {"status": "SERVING"}
