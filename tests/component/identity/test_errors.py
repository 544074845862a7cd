"""Every error that the contract names at a method is what the service answers."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from identity_service.infrastructure.hashing import HashingParameters
from mesh.postgres.statements import text_statement
from reelmesh.identity.v1 import account_admin_service_pb2 as d
from reelmesh.identity.v1 import account_service_pb2 as a
from reelmesh.identity.v1 import session_service_pb2 as s
from reelmesh.identity.v1.account_admin_service_pb2_grpc import AccountAdminServiceStub
from reelmesh.identity.v1.account_pb2 import Account, Role
from reelmesh.identity.v1.account_service_pb2_grpc import AccountServiceStub
from reelmesh.identity.v1.key_service_pb2 import GetJwksRequest
from reelmesh.identity.v1.key_service_pb2_grpc import KeyServiceStub
from reelmesh.identity.v1.session_service_pb2_grpc import SessionServiceStub
from tests.component.identity.asking import COMMON_PASSWORD, PASSWORD, WRONG_PASSWORD, Asking
from tests.component.identity.conftest import Start
from tests.contract.reading import load_contract
from tests.services import Metadata, admin, failure, stub_of, token

CODE = grpc.StatusCode
INVALID, DENIED, MISSING, ABORTED = CODE.INVALID_ARGUMENT, CODE.PERMISSION_DENIED, CODE.NOT_FOUND, CODE.ABORTED
WRONG, UNKNOWN = CODE.FAILED_PRECONDITION, CODE.UNAUTHENTICATED
ALICE, NOBODY = "users/alice", "users/nobody"
_RENAME = text_statement("UPDATE accounts SET user_id = 'alice'")
HANDLE, ERASURE = "x" * 43, "erasures/none"


@dataclass(frozen=True)
class Case:
    """A call by `caller` that must be answered with `code` and `reason`."""

    method: str
    request: Message
    code: CODE
    reason: str
    caller: Metadata = field(default_factory=token)
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.method}-{self.reason}-{'-'.join(self.fields)}"


def invalid(method: str, request: Message, *fields: str, caller: Metadata | None = None) -> Case:
    return Case(method, request, INVALID, "INVALID_ARGUMENT", token() if caller is None else caller, fields)


def not_owner(method: str, request: Message) -> Case:
    return Case(method, request, DENIED, "NOT_OWNER", token("users/mallory"))


def missing(method: str, request: Message, reason: str = "ACCOUNT_NOT_FOUND") -> Case:
    return Case(method, request, MISSING, reason, admin())


def stale(method: str, request: Message) -> Case:
    return Case(method, request, ABORTED, "ETAG_MISMATCH", admin())


CASES = [
    invalid("Register", a.RegisterRequest(email="no address", password="x"), "email", "password"),
    invalid("Register", a.RegisterRequest(email="a@example.org", password=COMMON_PASSWORD), "password"),
    invalid("VerifyEmail", a.VerifyEmailRequest(registration="x", code="12345"), "registration", "code"),
    Case("VerifyEmail", a.VerifyEmailRequest(registration=HANDLE, code="123456"), WRONG, "CODE_WRONG"),
    invalid("GetAccount", a.GetAccountRequest(name="alice"), "name"),
    not_owner("GetAccount", a.GetAccountRequest(name=ALICE)),
    missing("GetAccount", a.GetAccountRequest(name=NOBODY)),
    invalid("UpdateAccount", a.UpdateAccountRequest(account=Account(name=ALICE, region_code="x")), "account.region_code"),
    invalid("UpdateAccount", a.UpdateAccountRequest(account=Account(name=ALICE), update_mask=FieldMask(paths=["email"])), "update_mask"),
    not_owner("UpdateAccount", a.UpdateAccountRequest(account=Account(name=ALICE, display_name="A"))),
    missing("UpdateAccount", a.UpdateAccountRequest(account=Account(name=NOBODY, display_name="A"))),
    stale("UpdateAccount", a.UpdateAccountRequest(account=Account(name=ALICE, display_name="A", etag="old"))),
    invalid("ChangePassword", a.ChangePasswordRequest(name=ALICE, current_password=PASSWORD, new_password=COMMON_PASSWORD), "new_password"),
    Case(
        "ChangePassword",
        a.ChangePasswordRequest(name=ALICE, current_password=PASSWORD, new_password=PASSWORD),
        DENIED,
        "NOT_OWNER",
        admin(),
    ),
    Case(
        "ChangePassword",
        a.ChangePasswordRequest(name=NOBODY, current_password=PASSWORD, new_password=PASSWORD),
        MISSING,
        "ACCOUNT_NOT_FOUND",
        token(NOBODY),
    ),
    Case(
        "ChangePassword",
        a.ChangePasswordRequest(name=ALICE, current_password=WRONG_PASSWORD, new_password=PASSWORD),
        WRONG,
        "PASSWORD_WRONG",
    ),
    invalid("RequestPasswordReset", a.RequestPasswordResetRequest(), "email"),
    invalid("ResetPassword", a.ResetPasswordRequest(reset=HANDLE, code="123456", new_password="x"), "new_password"),
    Case("ResetPassword", a.ResetPasswordRequest(reset=HANDLE, code="123456", new_password=PASSWORD), WRONG, "CODE_WRONG"),
    invalid("DeleteAccount", a.DeleteAccountRequest(), "name"),
    not_owner("DeleteAccount", a.DeleteAccountRequest(name=ALICE)),
    missing("DeleteAccount", a.DeleteAccountRequest(name=NOBODY)),
    stale("DeleteAccount", a.DeleteAccountRequest(name=ALICE, etag="old")),
    Case("DeleteAccount", a.DeleteAccountRequest(name=ALICE, password=WRONG_PASSWORD), WRONG, "PASSWORD_WRONG"),
    invalid("GetErasure", a.GetErasureRequest(name="x"), "name"),
    missing("GetErasure", a.GetErasureRequest(name=ERASURE), "ERASURE_NOT_FOUND"),
    invalid("ExportAccount", a.ExportAccountRequest(), "name"),
    not_owner("ExportAccount", a.ExportAccountRequest(name=ALICE)),
    missing("ExportAccount", a.ExportAccountRequest(name=NOBODY)),
    invalid("LogIn", s.LogInRequest(email="x", device="x"), "email", "password", "device"),
    Case("LogIn", s.LogInRequest(email="alice@example.org", password=WRONG_PASSWORD), UNKNOWN, "CREDENTIALS_WRONG"),
    invalid("Refresh", s.RefreshRequest(refresh_token="x"), "refresh_token"),
    Case("Refresh", s.RefreshRequest(refresh_token=HANDLE), UNKNOWN, "REFRESH_TOKEN_WRONG"),
    invalid("LogOut", s.LogOutRequest(), "refresh_token"),
    invalid("ListSessions", s.ListSessionsRequest(parent="x", page_size=-1), "parent", "page_size"),
    invalid("ListSessions", s.ListSessionsRequest(parent=ALICE, page_token="x"), "page_token"),
    not_owner("ListSessions", s.ListSessionsRequest(parent=ALICE)),
    invalid("RevokeSession", s.RevokeSessionRequest(name=ALICE), "name"),
    not_owner("RevokeSession", s.RevokeSessionRequest(name=f"{ALICE}/sessions/none")),
    missing("RevokeSession", s.RevokeSessionRequest(name=f"{ALICE}/sessions/none"), "SESSION_NOT_FOUND"),
    invalid("ListAccounts", d.ListAccountsRequest(page_token="x"), "page_token", caller=admin()),
    invalid("SuspendAccount", d.SuspendAccountRequest(), "name", caller=admin()),
    missing("SuspendAccount", d.SuspendAccountRequest(name=NOBODY)),
    stale("SuspendAccount", d.SuspendAccountRequest(name=ALICE, etag="old")),
    Case("SuspendAccount", d.SuspendAccountRequest(name="users/admin"), WRONG, "OWN_ACCOUNT", admin()),
    invalid("RestoreAccount", d.RestoreAccountRequest(), "name", caller=admin()),
    missing("RestoreAccount", d.RestoreAccountRequest(name=NOBODY)),
    stale("RestoreAccount", d.RestoreAccountRequest(name=ALICE, etag="old")),
    invalid("SetRoles", d.SetRolesRequest(name=ALICE, roles=[Role.ROLE_ADMIN, Role.ROLE_ADMIN]), "roles", caller=admin()),
    missing("SetRoles", d.SetRolesRequest(name=NOBODY)),
    stale("SetRoles", d.SetRolesRequest(name=ALICE, etag="old")),
    Case("SetRoles", d.SetRolesRequest(name="users/admin"), WRONG, "OWN_ACCOUNT", admin()),
    invalid("ListAuditEntries", d.ListAuditEntriesRequest(subject="x"), "subject", caller=admin()),
]
# What takes more than a request to come about.
ELSEWHERE = {
    ("Register", "TOO_MANY_REQUESTS"): "test_guessing",
    ("RequestPasswordReset", "TOO_MANY_REQUESTS"): "test_guessing",
    ("LogIn", "TOO_MANY_ATTEMPTS"): "test_guessing",
    ("ChangePassword", "TOO_MANY_ATTEMPTS"): "test_guessing",
    ("DeleteAccount", "TOO_MANY_ATTEMPTS"): "test_guessing",
    ("Refresh", "REFRESH_TOKEN_REUSED"): "test_sessions",
    ("GetJwks", "KEYS_AWAY"): "below",
    **{(method, "HASHING_BUSY"): "below" for method in ("Register", "ChangePassword", "ResetPassword", "DeleteAccount", "LogIn")},
}


async def answered(identity: Asking, case: Case) -> None:
    for kind in (AccountServiceStub, SessionServiceStub, AccountAdminServiceStub):
        async with stub_of(identity.running.address, kind) as stub:
            if (method := getattr(stub, case.method, None)) is None:
                continue
            call: Any = method(case.request, metadata=case.caller)
            answer = await failure(anext(aiter(call)) if case.method == "ExportAccount" else call)
            assert (answer.code, answer.reason, tuple(answer.fields)) == (case.code, case.reason, case.fields), case


async def test_every_case_is_answered_as_the_contract_says(identity: Asking) -> None:
    await identity.account("alice@example.org")
    await identity.database.execute(_RENAME)
    for case in CASES:
        await answered(identity, case)


def test_every_error_that_the_contract_names_has_a_case() -> None:
    named = {
        (method.name, reason)
        for method in load_contract().methods
        if method.service.startswith("reelmesh.identity.")
        for reason in re.findall(r"[A-Z_]+ \(([A-Z_]+)\)", " ".join(method.comment.partition("Errors:")[2].split()))
    }
    assert named == {(case.method, case.reason) for case in CASES} | set(ELSEWHERE)


async def test_when_too_many_passwords_wait_the_next_one_is_told(start: Start) -> None:
    async with start({"hashing": HashingParameters(memory_kib=64 << 10, time_cost=8, threads=1, most_waiting=0)}) as identity:
        calls = [failure(identity.sessions.LogIn(s.LogInRequest(email=f"user{n}@example.org", password=PASSWORD))) for n in range(4)]
        reasons = sorted([(await answer).reason for answer in [*map(asyncio.ensure_future, calls)]])
        assert reasons[0] == "CREDENTIALS_WRONG"
        assert "HASHING_BUSY" in reasons


async def test_keys_that_cannot_be_read_are_away(identity: Asking, tmp_path: Any) -> None:
    async with stub_of(identity.running.address, KeyServiceStub) as stub:
        keys: Any = stub
        assert [key.kty for key in (await keys.GetJwks(GetJwksRequest())).keys] == ["OKP", "OKP"]
        (tmp_path / "jwks.json").unlink()
        answer = await failure(keys.GetJwks(GetJwksRequest()))
        assert (answer.code, answer.reason) == (CODE.UNAVAILABLE, "KEYS_AWAY")
