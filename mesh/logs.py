"""JSON logs on standard error, each line with the trace id of the call that wrote it."""

import logging
import sys

import structlog
from structlog.typing import EventDict, WrappedLogger

from mesh.call import current_call

# What operators changed is told whatever the level of the rest.
AUDIT = "mesh.audit"


def configure_logs(service: str, instance: str, level: str) -> None:
    """One line per event: timestamp (UTC), level, event, service, instance, trace_id."""

    def identify(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["service"], event["instance"] = service, instance  # by hand: tasks that Envoy starts see no context of ours
        return event

    shared: list[structlog.typing.Processor] = [
        identify,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace_id,
    ]
    handler = logging.StreamHandler(sys.stderr)
    render: list[structlog.typing.Processor] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[remove, *render]))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.getLogger(AUDIT).setLevel(logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells of each request, and the registry asks all the time
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _add_trace_id(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    call = current_call.get()
    if call is not None:
        event["trace_id"] = call.trace.trace_id
    return event
