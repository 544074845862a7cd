"""The service that every process answers beside those of its context, for operators: `reelmesh.admin.v1.AdminService`."""

import logging
from datetime import UTC, datetime

import structlog

from mesh.build import BuildInfo
from mesh.call import Call
from mesh.errors import InvalidArgument, Violation
from mesh.handlers import ErrorTable
from mesh.log_levels import MAX_SECONDS, LevelNeeded, LoggerLevel, LogLevels
from mesh.logs import AUDIT
from reelmesh.admin.v1 import admin_service_pb2 as pb

SERVICE = pb.DESCRIPTOR.services_by_name["AdminService"]
ERRORS: ErrorTable = {
    LevelNeeded: lambda error: InvalidArgument([Violation("level", "the root logger has to have one")]),
}
_log = structlog.get_logger(AUDIT)
_LEVELS = {
    pb.LOG_LEVEL_UNSPECIFIED: logging.NOTSET,
    pb.LOG_LEVEL_DEBUG: logging.DEBUG,
    pb.LOG_LEVEL_INFO: logging.INFO,
    pb.LOG_LEVEL_WARNING: logging.WARNING,
    pb.LOG_LEVEL_ERROR: logging.ERROR,
}


class AdminServicer:
    def __init__(self, build: BuildInfo, levels: LogLevels) -> None:
        self._build, self._levels = build, levels

    async def GetBuildInfo(self, request: pb.GetBuildInfoRequest, call: Call) -> pb.GetBuildInfoResponse:
        build = self._build
        found = pb.GetBuildInfoResponse(
            context=build.context,
            instance_id=build.instance_id,
            version=build.version,
            release=build.release,
            commit=build.commit,
            python=build.python,
            transport=build.transport,
        )
        found.start_time.FromDatetime(datetime.fromtimestamp(build.started, UTC))
        return found

    async def GetLogLevels(self, request: pb.GetLogLevelsRequest, call: Call) -> pb.GetLogLevelsResponse:
        return pb.GetLogLevelsResponse(loggers=[_logger(each) for each in self._levels.all()])

    async def SetLogLevel(self, request: pb.SetLogLevelRequest, call: Call) -> pb.SetLogLevelResponse:
        seconds = request.ttl.ToMilliseconds() / 1000 if request.HasField("ttl") else None
        if seconds is not None and not 0 < seconds <= MAX_SECONDS:
            raise InvalidArgument([Violation("ttl", "has to be more than nothing and at most a day")])
        changed = self._levels.set(request.logger, _LEVELS[request.level], seconds)
        _log.info(
            "log level changed",
            by=call.principal.subject,
            changed=request.logger or "root",
            now=logging.getLevelName(changed.effective),
            seconds=seconds,
        )
        return pb.SetLogLevelResponse(logger=_logger(changed))


def _logger(found: LoggerLevel) -> pb.Logger:
    logger = pb.Logger(name=found.name, level=_level(found.level), effective_level=_level(found.effective))
    if found.expires is not None:
        logger.expire_time.FromDatetime(datetime.fromtimestamp(found.expires, UTC))
    return logger


def _level(number: int) -> "pb.LogLevel.ValueType":
    """The nearest that the contract has: libraries have levels of their own between and beyond them."""
    return max((level for level, least in _LEVELS.items() if least <= number), key=lambda level: _LEVELS[level])
