"""Puts the context together."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from identity_service.infrastructure.events.acknowledgements import part_done
from identity_service.infrastructure.events.encode import encode
from identity_service.infrastructure.exporting import Export
from identity_service.infrastructure.first_admin import ensure_first_admin
from identity_service.infrastructure.grpc.account_admin_servicer import AccountAdminServicer
from identity_service.infrastructure.grpc.account_servicer import AccountServicer
from identity_service.infrastructure.grpc.errors import ERRORS
from identity_service.infrastructure.grpc.key_servicer import KeyServicer
from identity_service.infrastructure.grpc.session_servicer import SessionServicer
from identity_service.infrastructure.grpc.tokens import TokenIssuer
from identity_service.infrastructure.hashing import ArgonHasher
from identity_service.infrastructure.postgres.attempts import PostgresAttempts
from identity_service.infrastructure.postgres.challenges import PostgresCodes
from identity_service.infrastructure.postgres.reader import PostgresAccountReader
from identity_service.infrastructure.postgres.sweeping import Sweeper
from identity_service.infrastructure.postgres.unit_of_work import IdentityUnitOfWork
from identity_service.infrastructure.sealing import Sealing
from identity_service.infrastructure.settings import IdentitySettings
from mesh import personal_data
from mesh.events.consumer import Consumer
from mesh.events.relay import Relay
from mesh.server import Foundation, Service
from mesh.signing import SigningKey
from reelmesh.identity.v1 import account_admin_service_pb2, account_service_pb2, key_service_pb2, session_service_pb2
from reelmesh.privacy.v1.events_pb2 import ErasureDone
from reelmesh.privacy.v1.personal_data_service_pb2_grpc import PersonalDataServiceStub


def build(foundation: Foundation) -> Service:
    return build_with(foundation, IdentitySettings.of(os.environ))


def build_with(foundation: Foundation, settings: IdentitySettings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Service:
    database, bus, common = foundation.database, foundation.bus, foundation.settings

    def unit_of_work() -> IdentityUnitOfWork:
        return IdentityUnitOfWork(database, encode)

    key = SigningKey(settings.signing_key_file, common.token_issuer, common.token_audience)
    sealing, issuer, hasher = Sealing(key), TokenIssuer(key, timedelta(seconds=common.token_lifetime)), ArgonHasher(settings.hashing)
    accounts, attempts = PostgresAccountReader(database), PostgresAttempts(database)

    # A mesh channel has what generated stubs use of a grpc.aio.Channel, and is no subclass of it.
    holders: dict[str, Any] = {
        context: PersonalDataServiceStub(foundation.channel(context, personal_data.SERVICE)).ExportPersonalData
        for context in settings.data_holders
    }

    async def prepare() -> None:
        if settings.admin_file is not None:
            await ensure_first_admin(settings.admin_file, database, hasher)

    return Service(
        servicers={
            account_service_pb2.DESCRIPTOR.services_by_name["AccountService"]: AccountServicer(
                unit_of_work,
                accounts,
                PostgresCodes(database),
                hasher,
                attempts,
                sealing,
                Export(accounts, holders),
                settings.allowances,
                clock,
            ),
            session_service_pb2.DESCRIPTOR.services_by_name["SessionService"]: SessionServicer(
                unit_of_work, accounts, hasher, attempts, issuer, sealing, settings.lifetimes, settings.allowances, clock
            ),
            account_admin_service_pb2.DESCRIPTOR.services_by_name["AccountAdminService"]: AccountAdminServicer(
                unit_of_work, accounts, clock
            ),
            key_service_pb2.DESCRIPTOR.services_by_name["KeyService"]: KeyServicer(common.jwks_file),
        },
        errors=ERRORS,
        prepare=prepare,
        background=[
            Relay(database, bus, "identity", tracing=foundation.tracing),
            Consumer("identity_erasures", database, bus, {ErasureDone: part_done}, tracing=foundation.tracing),
            Sweeper(database, clock),
        ],
    )
