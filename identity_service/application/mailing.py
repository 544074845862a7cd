"""Limits of the e-mails that strangers can make us send."""

from datetime import datetime

from identity_service.application.ports import Attempts
from identity_service.domain.errors import TooManyRequests
from identity_service.domain.throttling import Allowances, mail_limit_of_address, mail_limit_of_mailbox


async def may_send(attempts: Attempts, allowances: Allowances, network: str, email: str, now: datetime) -> bool:
    """Whether the mailbox gets one more. Raises TooManyRequests when it is the asking network that has had enough: that says nothing about
    any account, and a full mailbox is told to nobody."""
    free_at = await attempts.take([mail_limit_of_address(allowances, network)], now)
    if free_at is not None:
        raise TooManyRequests(free_at - now)
    return await attempts.take([mail_limit_of_mailbox(allowances, email)], now) is None
