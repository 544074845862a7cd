"""What requests and responses carry: request ids, pages, masks and etags, names that are checked, bare answers."""

from google.api import resource_pb2
from google.protobuf import descriptor_pb2

from reelmesh.options.v1 import options_pb2
from tests.contract.reading import MESSAGE, REPEATED, Complaints, Contract, field, is_required

_PAGED = ("List", "Search")
_CHANGES = ("Update", "Upsert")
_DELETES = ("Delete", "Undelete", "Moderate")
_IMPORTED_AT_MOST = 500
_FOREIGN_BODY = ".google.api.HttpBody"
# Known to everybody who speaks of money, and to Envoy.
_FOREIGN = (".google.type.Money", _FOREIGN_BODY)


def changes_carry_a_request_id(contract: Contract) -> Complaints:
    """What an internal service changes is the state of one process, and saying it twice says it once. Who sends a body of another's making
    knows no request ids."""
    for method in contract.methods:
        body = field(method.request, method.http.body)
        if body is not None and body.type_name == _FOREIGN_BODY:
            continue
        if not method.reads_only and not method.internal and field(method.request, "request_id") is None:
            yield f"{method.full_name} has no request_id"


def lists_have_pages(contract: Contract) -> Complaints:
    for method in contract.methods:
        if method.name.startswith(_PAGED):
            asked = {"page_size", "page_token"} - {field.name for field in method.request.field}
            if asked or field(method.response, "next_page_token") is None:
                yield f"{method.full_name} does not page"


def updates_have_a_mask_and_an_etag(contract: Contract) -> Complaints:
    for method in contract.methods:
        if method.name.startswith(_CHANGES):
            mask, resource = field(method.request, "update_mask"), field(method.request, method.http.body)
            if mask is None or mask.type_name != ".google.protobuf.FieldMask":
                yield f"{method.full_name} has no update_mask"
            if resource is None or field(contract.messages[resource.type_name], "etag") is None:
                yield f"{method.full_name} changes a resource without etag"
        if method.name.startswith(_DELETES) and field(method.request, "etag") is None:
            yield f"{method.full_name} takes no etag"


def imports_can_be_tried_and_are_bounded(contract: Contract) -> Complaints:
    for method in contract.methods:
        if not method.name.startswith("Import"):
            continue
        if not method.proto.client_streaming or field(method.request, "validate_only") is None:
            yield f"{method.full_name} is no stream with validate_only"
        items = next(field for field in method.request.field if field.label == REPEATED).options.Extensions[options_pb2.limits]
        if not 0 < items.max_items <= _IMPORTED_AT_MOST or not items.checked_per_item:
            yield f"{method.full_name} does not bound its batches, or refuses all for one bad row"


def names_are_required_and_checked(contract: Contract) -> Complaints:
    for method in contract.methods:
        for name in ("name", "names", "parent"):
            found = field(method.request, name)
            if found is None:
                continue
            if not is_required(found) or not found.options.Extensions[options_pb2.limits].pattern:
                yield f"{method.full_name}: {name} is not REQUIRED with a pattern"
            if not found.options.HasExtension(resource_pb2.resource_reference):
                yield f"{method.full_name}: {name} refers to no resource"


def single_resources_are_answered_bare(contract: Contract) -> Complaints:
    for method in contract.methods:
        if method.internal:
            continue  # there is no HTTP to be bare over
        fields = method.response.field
        alone = fields[0].name if len(fields) == 1 and _is_single_message(fields[0]) else ""
        for binding in (method.http, *method.http.additional_bindings):
            if binding.response_body != alone:
                yield f"{method.full_name}: response_body is {binding.response_body!r}, not {alone!r}"


def no_field_is_a_float_or_foreign(contract: Contract) -> Complaints:
    """Stubs need google.protobuf and what is named above, and scores survive a round trip through JSON."""
    for file in contract.files:
        for message in file.message_type:
            for found in message.field:
                if found.type == descriptor_pb2.FieldDescriptorProto.TYPE_FLOAT:
                    yield f"{message.name}.{found.name} is a float"
                if found.type == MESSAGE and not found.type_name.startswith((".reelmesh.", ".google.protobuf.", *_FOREIGN)):
                    yield f"{message.name}.{found.name} is a {found.type_name}"


def _is_single_message(found: descriptor_pb2.FieldDescriptorProto) -> bool:
    return found.type == MESSAGE and found.label != REPEATED


RULES = (
    changes_carry_a_request_id,
    lists_have_pages,
    updates_have_a_mask_and_an_etag,
    imports_can_be_tried_and_are_bounded,
    names_are_required_and_checked,
    single_resources_are_answered_bare,
    no_field_is_a_float_or_foreign,
)
