"""What a client of ADS asks: of a DiscoveryRequest (xDS v3) the fields that are used here.

They are declared to protobuf's own parser, which takes 10 µs for a request that names a hundred resources; betterproto2, in which
`envoy_data_plane` comes, takes 300. Acknowledgements of hosted services, which name everything, are most of what a control plane reads.
"""

from dataclasses import dataclass
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from mesh.control_plane.envoy_tls import TLS_DIR

_PACKAGE = "reelmesh.control_plane"
_FIELD = descriptor_pb2.FieldDescriptorProto
# Message → field → (number, type of the message or "" for text, whether it is repeated), as in envoy/service/discovery/v3/discovery.proto.
_USED: dict[str, dict[str, tuple[int, str, bool]]] = {
    "Locality": {"zone": (2, "", False)},
    "Value": {"string_value": (3, "", False)},
    "Entry": {"key": (1, "", False), "value": (2, "Value", False)},  # of a map, which is these, repeated
    "Struct": {"fields": (1, "Entry", True)},
    "Node": {
        "id": (1, "", False),
        "cluster": (2, "", False),
        "metadata": (3, "Struct", False),
        "locality": (4, "Locality", False),
    },
    "Status": {"message": (2, "", False)},
    "DiscoveryRequest": {
        "node": (2, "Node", False),
        "resource_names": (3, "", True),
        "type_url": (4, "", False),
        "response_nonce": (5, "", False),
        "error_detail": (6, "Status", False),
    },
}


@dataclass(frozen=True, slots=True)
class Request:
    """`node`, `cluster`, `zone` and `tls_dir` are empty in all requests of a stream but the first; `refusal` is the client's words when it
    does not take what it was sent, None when it does."""

    kind: str
    names: frozenset[str]
    nonce: str
    refusal: str | None
    node: str
    cluster: str
    zone: str
    tls_dir: str = ""


def parse(message: bytes) -> Request:
    """Raises google.protobuf.message.DecodeError."""
    parsed = _DISCOVERY_REQUEST.FromString(message)
    return Request(
        kind=parsed.type_url,
        names=frozenset(parsed.resource_names),
        nonce=parsed.response_nonce,
        refusal=parsed.error_detail.message if parsed.HasField("error_detail") else None,
        node=parsed.node.id,
        cluster=parsed.node.cluster,
        zone=parsed.node.locality.zone,
        tls_dir=next((each.value.string_value for each in parsed.node.metadata.fields if each.key == TLS_DIR), ""),
    )


def _declared() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="control_plane.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _USED.items():
        message = file.message_type.add(name=name)
        for field, (number, kind, repeated) in fields.items():
            message.field.add(
                name=field,
                number=number,
                label=_FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL,
                type=_FIELD.TYPE_MESSAGE if kind else _FIELD.TYPE_STRING,
                type_name=f".{_PACKAGE}.{kind}" if kind else None,
            )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.DiscoveryRequest"))


_DISCOVERY_REQUEST = _declared()
