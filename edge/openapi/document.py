"""The OpenAPI 3.1 document of the whole contract; pure, and the same for the same contract."""

import importlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from google.api import annotations_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor, ServiceDescriptor

from edge.openapi.contract_text import comments
from edge.openapi.paths import Binding, bindings, resource_variables
from edge.openapi.schemas import Schema, Schemas, is_output_only, is_required, required_names
from mesh.policy import Access, is_internal, method_policy

_ERROR = {
    "description": "An error; `details` hold a google.rpc.ErrorInfo, and what else the code brings.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Status"}}},
}
_STATUS: Schema = {
    "type": "object",
    "description": "google.rpc.Status",
    "required": ["code", "message"],
    "properties": {
        "code": {"type": "integer", "format": "int32", "description": "google.rpc.Code"},
        "message": {"type": "string"},
        "details": {"type": "array", "items": {"type": "object", "properties": {"@type": {"type": "string"}}}},
    },
}
_BEARER = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "An EdDSA access token (`reelmesh token` prints one)."}
_ABOUT = "A movie platform. The same methods answer gRPC and gRPC-Web on this port."


def openapi(descriptor_set: bytes, version: str) -> dict[str, Any]:
    """`descriptor_set` is reelmesh/descriptors.binpb, with comments."""
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptor_set)
    texts = comments(files)
    services, messages = _contract(files)
    schemas, resources = Schemas(texts), resource_variables(messages)
    paths: dict[str, dict[str, Any]] = {}
    for service in services:
        for method in service.methods:
            rule = method.GetOptions().Extensions[annotations_pb2.http]
            for number, binding in enumerate(bindings(rule, method.input_type, resources)):
                operation = _operation(method, binding, rule.response_body, texts, schemas, number)
                paths.setdefault(binding.path, {})[binding.verb] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Reelmesh",
            "version": version,
            "description": _ABOUT,
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": service.name, "description": texts.get(service.full_name, "")} for service in services],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": {**dict(sorted(schemas.components.items())), "Status": _STATUS}, "securitySchemes": {"bearer": _BEARER}},
    }


def _operation(
    method: MethodDescriptor, binding: Binding, answer: str, texts: Mapping[str, str], schemas: Schemas, number: int
) -> dict[str, Any]:
    service, text = method.containing_service, texts.get(method.full_name, "")
    operation: dict[str, Any] = {
        "operationId": f"{service.name}_{method.name}" + (f"_{number + 1}" if number else ""),
        "tags": [service.name],
        "summary": text.split(". ")[0].split("\n\n")[0].replace("\n", " ").rstrip("."),
        "description": text,
        "security": [] if method_policy(method).access is Access.PUBLIC else [{"bearer": []}],
        "parameters": [*_path_parameters(binding), *_query_parameters(method.input_type, binding, schemas)],
        "responses": {"200": _success(method, answer, schemas), "default": _ERROR},
    }
    body = _body(method, binding, schemas)
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return operation


def _path_parameters(binding: Binding) -> Iterator[Schema]:
    for name, pattern in binding.parameters.items():
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": f"^{pattern}$"}}


def _query_parameters(request: Descriptor, binding: Binding, schemas: Schemas) -> Iterator[Schema]:
    if binding.body == "*":
        return
    taken = {binding.body, *(path.partition(".")[0] for path in binding.fields)}
    for field in request.fields:
        if field.name not in taken and not is_output_only(field):
            schema = schemas.field(field)
            described = {"description": schema.pop("description", "")}
            yield {"name": field.json_name, "in": "query", **described, "required": is_required(field), "schema": schema}


def _body(method: MethodDescriptor, binding: Binding, schemas: Schemas) -> Schema | None:
    if not binding.body:
        return None
    request = method.input_type
    if binding.body != "*":
        field = request.fields_by_name[binding.body]
        schema = schemas.values(field)
        required = required_names(_message(field)) if binding.verb == "post" else []
        return {"allOf": [schema, {"required": required}]} if required else schema
    inside = frozenset(binding.fields)
    if method.client_streaming:
        return {"type": "array", "items": schemas.reference(request), "description": "The messages of the stream."}
    schema = schemas.object_of(request, without=inside)
    required = [field.json_name for field in request.fields if is_required(field) and field.name not in inside]
    return {**schema, "required": required} if required else schema


def _success(method: MethodDescriptor, answer: str, schemas: Schemas) -> Schema:
    field = method.output_type.fields_by_name[answer] if answer else None
    schema = schemas.values(field) if field is not None else schemas.reference(method.output_type)
    if method.server_streaming:
        return {"description": "One JSON document per line.", "content": {"application/x-ndjson": {"schema": schema}}}
    return {"description": "The answer.", "content": {"application/json": {"schema": schema}}}


def _message(field: FieldDescriptor) -> Descriptor:
    assert field.message_type is not None  # noqa: S101  # a body is a message
    return field.message_type


def _contract(files: descriptor_pb2.FileDescriptorSet) -> tuple[Sequence[ServiceDescriptor], Sequence[Descriptor]]:
    services: list[ServiceDescriptor] = []
    messages: list[Descriptor] = []
    for file in files.file:
        if file.package.startswith("reelmesh."):
            descriptor = importlib.import_module(file.name.removesuffix(".proto").replace("/", ".") + "_pb2").DESCRIPTOR
            services += [service for service in descriptor.services_by_name.values() if not is_internal(service)]
            messages += descriptor.message_types_by_name.values()
    return services, messages
