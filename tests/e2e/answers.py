"""The same call over HTTP/JSON and over gRPC, each answer brought into one form that can be compared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import grpc
import httpx
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from google.rpc import error_details_pb2  # its types are needed to print details
from grpc_status import rpc_status

from mesh.redaction import has_secrets, is_secret
from tests.contract.generated.http_form import HttpForm
from tests.contract.generated.methods import Method

_REFRESHED = ("refreshTime", "expireTime", "accessExpireTime", "refreshExpireTime")
_DETAILS = error_details_pb2.DESCRIPTOR.name
# google.rpc.Code -> HTTP, as google/rpc/code.proto says.
HTTP_STATUS = {1: 499, 2: 500, 3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 10: 409, 11: 400, 12: 501, 13: 500, 14: 503, 16: 401}


@dataclass(frozen=True)
class Answer:
    """`code` is google.rpc.Code; `content` the answer as JSON, or the whole error status."""

    code: int
    content: Any
    http_status: int

    @property
    def reason(self) -> str:
        details = self.content.get("details", []) if self.code and isinstance(self.content, dict) else []
        return next((str(detail["reason"]) for detail in details if detail["@type"].endswith("ErrorInfo")), "")

    @property
    def by_the_edge(self) -> bool:
        """Refused by Envoy before any service saw it."""
        return bool(self.code) and "reelmesh.edge" in str(self.content)


def over_grpc(channel: grpc.Channel, method: Method, requests: list[Message], metadata: Mapping[str, str]) -> Answer:
    policy = method.policy
    shape = f"{'stream' if policy.client_streaming else 'unary'}_{'stream' if policy.server_streaming else 'unary'}"
    call: Any = getattr(channel, shape)(
        policy.path, request_serializer=lambda message: message.SerializeToString(), response_deserializer=method.response_type.FromString
    )
    try:
        answer = call(iter(requests) if policy.client_streaming else requests[0], metadata=tuple(metadata.items()), timeout=10)
        content: Any = [_bare(method, each) for each in answer] if policy.server_streaming else _bare(method, answer)
    except grpc.RpcError as error:
        status = rpc_status.from_call(error)  # type: ignore[arg-type]  # a failed call is a grpc.Call
        if status is None:
            raise AssertionError(f"{method.name} failed without a status") from error
        return Answer(status.code, _printed(status), HTTP_STATUS[status.code])
    return Answer(0, content, 200)


def over_http(http: httpx.Client, method: Method, form: HttpForm, headers: Mapping[str, str]) -> Answer:
    kind = {"content-type": "application/json"} if form.body is not None else {}
    answer = http.request(form.verb, form.target, content=form.body, headers={**headers, **kind})
    if answer.status_code == 200 and method.policy.server_streaming:
        return Answer(0, [httpx.Response(200, text=line).json() for line in answer.text.splitlines()], 200)
    assert answer.headers["content-type"] == "application/json", answer
    content = answer.json()
    return Answer(0 if answer.status_code == 200 else content["code"], content, answer.status_code)


def comparable(method: Method, answer: Answer) -> Answer:
    """Tokens and handles are made anew for each call: that there are some is what can be compared. A login that is sent again refreshes its
    session, and an administrator's export is written down in what the next one exports."""
    if method.name == "AccountService.ExportAccount" and answer.code == 0:
        return replace(answer, content=[each for each in answer.content if each["kind"] != "auditEntries"])
    if not has_secrets(method.descriptor.output_type):
        return answer
    if method.name == "SessionService.LogIn":
        answer = replace(answer, content=without(answer.content, _REFRESHED))
    names = {field.json_name for kind in _kinds(method.descriptor.output_type) for field in kind.fields if is_secret(field)}
    return replace(answer, content=_veiled(answer.content, names))


def _kinds(kind: Descriptor) -> list[Descriptor]:
    return [kind, *(each for field in kind.fields if field.message_type is not None for each in _kinds(field.message_type))]


def _veiled(content: Any, names: set[str]) -> Any:
    if isinstance(content, dict):
        return {key: bool(value) if key in names else _veiled(value, names) for key, value in content.items()}
    return [_veiled(value, names) for value in content] if isinstance(content, list) else content


def _bare(method: Method, message: Message) -> Any:
    """As the edge answers: zeros are there, the wrapper is not."""
    content = _printed(message)
    return content.get(method.bare.json_name, {}) if method.bare else content


def _printed(message: Message) -> dict[str, Any]:
    content: dict[str, Any] = json_format.MessageToDict(message, always_print_fields_with_no_presence=True)
    return content


def without(content: Any, keys: Iterable[str]) -> Any:
    """`content` without these keys, at any depth."""
    left_out = frozenset(keys)
    if isinstance(content, dict):
        return {key: without(value, left_out) for key, value in content.items() if key not in left_out}
    return [without(value, left_out) for value in content] if isinstance(content, list) else content
