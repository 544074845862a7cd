"""R21: whether an address has an account shows neither in an answer, nor in the work that is done, nor in the time that it takes."""

import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest

from identity_service.domain.throttling import Allowance, Allowances
from identity_service.infrastructure.hashing import ArgonHasher, HashingParameters
from mesh.call import current_call
from mesh.postgres.database import Database
from mesh.postgres.statements import Statement, text_statement
from mesh.postgres.transaction import Transaction
from reelmesh.identity.v1.account_service_pb2 import RegisterRequest, RequestPasswordResetRequest
from reelmesh.identity.v1.session_service_pb2 import LogInRequest
from tests.component.identity.asking import OTHER_PASSWORD, PASSWORD, Asking
from tests.component.identity.conftest import Start
from tests.services import Answer, failure

KNOWN, UNKNOWN = "alice@example.org", "nobody@example.org"
_SUSPEND = text_statement("UPDATE accounts SET state = 2")
_FREE = Allowance(free=1_000_000, longest=timedelta(seconds=1))
_GENEROUS = Allowances(pair=_FREE, address=_FREE, account=_FREE, device=_FREE, mails_of_address=_FREE, mails_to_mailbox=_FREE)


async def register(identity: Asking, email: str) -> Any:
    return await identity.accounts.Register(RegisterRequest(email=email, password=PASSWORD))


async def log_in_wrongly(identity: Asking, email: str) -> Any:
    return await failure(identity.sessions.LogIn(LogInRequest(email=email, password=OTHER_PASSWORD)))


async def reset(identity: Asking, email: str) -> Any:
    return await identity.accounts.RequestPasswordReset(RequestPasswordResetRequest(email=email))


WAYS: list[Callable[[Asking, str], Awaitable[Any]]] = [register, log_in_wrongly, reset]


def _record(monkeypatch: pytest.MonkeyPatch, kind: type, names: Iterable[str], done: list[str]) -> None:
    """Writes down what is asked of these methods during a call; what runs beside calls has none."""
    for name in names:
        original = getattr(kind, name)

        def recorded(self: Any, first: Any, *rest: Any, _original: Any = original, _name: str = name, **params: Any) -> Any:
            if current_call.get() is not None:
                done.append(f"{_name} {first if isinstance(first, Statement) else ''}")
            return _original(self, first, *rest, **params)

        monkeypatch.setattr(kind, name, recorded)


def _form(answer: Any) -> Any:
    """Of an answer what can be compared: which fields there are, and how long they are."""
    if isinstance(answer, Answer):
        return answer.code, answer.message, answer.reason
    return [(field.name, len(value) if isinstance(value, str) else type(value)) for field, value in answer.ListFields()]


@pytest.fixture
async def identity(start: Start) -> AsyncIterator[Asking]:
    async with start() as asking:
        await asking.account(KNOWN)
        yield asking


@pytest.mark.parametrize("ask", WAYS)
async def test_both_are_answered_the_same_after_the_same_work(
    ask: Callable[[Asking, str], Awaitable[Any]], identity: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work is the statements and the hashes, in their order."""
    done: list[str] = []
    _record(monkeypatch, Transaction, ("execute", "fetch_one", "fetch_all"), done)
    _record(monkeypatch, Database, ("execute", "fetch_one", "fetch_all"), done)
    _record(monkeypatch, ArgonHasher, ("hash", "verify"), done)
    forms, works = [], []
    for email in (KNOWN, UNKNOWN):
        done.clear()
        forms.append(_form(await ask(identity, email)))
        works.append(list(done))
    assert forms[0] == forms[1]
    assert works[0] == works[1]
    assert len(works[0]) >= 3


async def test_a_suspended_account_is_answered_like_none(identity: Asking) -> None:
    await identity.database.execute(_SUSPEND)
    suspended = await failure(identity.sessions.LogIn(LogInRequest(email=KNOWN, password=PASSWORD)))
    assert _form(suspended) == _form(await log_in_wrongly(identity, UNKNOWN))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("ask", WAYS)
async def test_the_medians_are_within_five_milliseconds(ask: Callable[[Asking, str], Awaitable[Any]], start: Start) -> None:
    """The median of the differences of neighbours, each first in turn: what else the machine does meets both alike. The parameters are
    those of the platform."""
    async with start({"hashing": HashingParameters(), "allowances": _GENEROUS}) as identity:
        await identity.account(KNOWN)
        took: dict[str, list[float]] = {KNOWN: [], UNKNOWN: []}
        for turn in range(200):
            for email in (KNOWN, UNKNOWN) if turn % 2 else (UNKNOWN, KNOWN):
                began = time.perf_counter()
                await ask(identity, email)
                took[email].append(time.perf_counter() - began)
        assert abs(statistics.median(known - unknown for known, unknown in zip(took[KNOWN], took[UNKNOWN], strict=True))) < 0.005
