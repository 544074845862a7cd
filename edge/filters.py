"""The HTTP filters of the edge, in the order in which they see a request; answers pass them the other way round."""

from collections.abc import Iterable

import betterproto2
from envoy_data_plane.envoy.config.core.v3 import DataSource, TypedExtensionConfig
from envoy_data_plane.envoy.extensions.compression.brotli.compressor.v3 import Brotli
from envoy_data_plane.envoy.extensions.compression.gzip.compressor.v3 import Gzip
from envoy_data_plane.envoy.extensions.filters.http.buffer.v3 import Buffer
from envoy_data_plane.envoy.extensions.filters.http.compressor.v3 import (
    Compressor,
    CompressorCommonDirectionConfig,
    CompressorResponseDirectionConfig,
)
from envoy_data_plane.envoy.extensions.filters.http.cors.v3 import Cors
from envoy_data_plane.envoy.extensions.filters.http.grpc_json_transcoder.v3 import (
    GrpcJsonTranscoder,
    GrpcJsonTranscoderPrintOptions,
    GrpcJsonTranscoderRequestValidationOptions,
    GrpcJsonTranscoderUrlUnescapeSpec,
)
from envoy_data_plane.envoy.extensions.filters.http.grpc_web.v3 import GrpcWeb
from envoy_data_plane.envoy.extensions.filters.http.lua.v3 import Lua
from envoy_data_plane.envoy.extensions.filters.http.router.v3 import Router
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import HttpFilter

from edge.arrival import BUFFER_FILTER, look_again, remember, unmark
from edge.bare_answers import LUA_FILTER, unwrapping_filter
from edge.options import EdgeOptions
from edge.rate_limits import address_limit, user_limit
from edge.routes import CORS_FILTER, NDJSON_FILTER
from edge.tokens import token_filter
from mesh.control_plane.faults import fault_filter
from mesh.control_plane.resources import packed

# Text that shrinks. Not gRPC: its messages are compressed by the two ends, if at all.
_COMPRESSED = ["application/json", "application/x-ndjson", "text/html", "text/css", "text/javascript", "text/plain", "image/svg+xml"]
# The transcoder writes lines and calls them application/json.
_NDJSON = """
function envoy_on_response(handle)
  if handle:headers():get(":status") == "200" then
    handle:headers():replace("content-type", "application/x-ndjson")
  end
end
"""
_WORTH_COMPRESSING = 512  # bytes


def http_filters(descriptor_set: bytes, services: list[str], bare_fields: Iterable[int], options: EdgeOptions) -> list[HttpFilter]:
    return [
        _filter(CORS_FILTER, Cors()),  # first: preflights are answered, and every answer of a later filter gets its headers
        *address_limit(options.address_limit),  # before anything that costs
        *([token_filter()] if options.checks_tokens else []),
        *user_limit(options.user_limit),
        _filter(BUFFER_FILTER, Buffer(max_request_bytes=options.max_body_bytes)),
        _filter("remember", remember()),
        _compressor("brotli", Brotli(quality=4), first=True),
        _compressor("gzip", Gzip(), first=False),
        _filter("envoy.filters.http.grpc_web", GrpcWeb()),
        _filter(NDJSON_FILTER, Lua(source_codes={NDJSON_FILTER: DataSource(inline_string=_NDJSON)})),
        _filter("envoy.filters.http.grpc_json_transcoder", _transcoder(descriptor_set, services, options)),
        _filter("unmark", unmark()),
        _filter("look_again", look_again()),
        _filter(LUA_FILTER, unwrapping_filter(bare_fields)),
        fault_filter(),  # behind `look_again`: it is the route of the method that has the fault
        _filter("envoy.filters.http.router", Router(suppress_envoy_headers=True)),
    ]


def _transcoder(descriptor_set: bytes, services: list[str], options: EdgeOptions) -> GrpcJsonTranscoder:
    return GrpcJsonTranscoder(
        proto_descriptor_bin=descriptor_set,
        services=services,
        # JSON as the protobuf specification has it (lowerCamelCase, enums by name), and zeros are there to be seen.
        print_options=GrpcJsonTranscoderPrintOptions(always_print_primitive_fields=True, stream_newline_delimited=True),
        convert_grpc_status=True,
        url_unescape_spec=GrpcJsonTranscoderUrlUnescapeSpec.ALL_CHARACTERS_EXCEPT_SLASH,
        query_param_unescape_plus=True,
        match_unregistered_custom_verb=True,
        request_validation_options=GrpcJsonTranscoderRequestValidationOptions(
            reject_unknown_query_parameters=True, reject_binding_body_field_collisions=True
        ),
        max_request_body_size=options.max_body_bytes,
        max_response_body_size=options.max_answer_bytes,
    )


def _compressor(name: str, library: betterproto2.Message, *, first: bool) -> HttpFilter:
    """`first` wins where the caller likes several alike."""
    direction = CompressorCommonDirectionConfig(min_content_length=_WORTH_COMPRESSING, content_type=_COMPRESSED)
    return _filter(
        f"compress.{name}",
        Compressor(
            compressor_library=TypedExtensionConfig(name=name, typed_config=packed(library)),
            response_direction_config=CompressorResponseDirectionConfig(common_config=direction, weaken_etag_on_compress=True),
            choose_first=first,
        ),
    )


def _filter(name: str, config: betterproto2.Message) -> HttpFilter:
    return HttpFilter(name=name, typed_config=packed(config))
