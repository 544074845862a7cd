"""Points in time between the contract and datetime, both in UTC."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = datetime.resolution


def timestamp(time: datetime) -> Timestamp:
    """Microseconds are all that PostgreSQL keeps, and all that a datetime has."""
    seconds, micros = divmod((time - _EPOCH) // _MICROSECOND, 1_000_000)
    return Timestamp(seconds=seconds, nanos=micros * 1_000)


def moment(time: Timestamp) -> datetime:
    return time.ToDatetime(UTC)
