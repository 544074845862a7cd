"""Ids for resources whose creator chose none."""

import secrets
import time
import uuid


def uuid7() -> str:
    """A UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds, then 74 random ones, so that later ids sort later."""
    milliseconds = time.time_ns() // 1_000_000
    bits = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=bits))
