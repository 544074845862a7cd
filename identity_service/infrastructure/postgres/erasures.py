"""How far deletions are."""

from datetime import datetime

from identity_service.domain.erasures import Erasure
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction

_ADD = text_statement("INSERT INTO erasures (erasure_id, create_time) VALUES (%(erasure)s, %(create_time)s)")
_ADD_PARTS = text_statement("INSERT INTO erasure_parts (erasure_id, context) SELECT %(erasure)s, unnest(%(contexts)s::text[])")
_DONE = text_statement("""
    UPDATE erasure_parts SET done_time = %(time)s WHERE erasure_id = %(erasure)s AND context = %(context)s AND done_time IS NULL
""")


class PostgresErasures:
    """The port Erasures."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, erasure: Erasure) -> None:
        await self._transaction.execute(_ADD, erasure=erasure.erasure, create_time=erasure.create_time)
        await self._transaction.execute(_ADD_PARTS, erasure=erasure.erasure, contexts=sorted(erasure.parts))

    async def part_done(self, erasure: str, context: str, time: datetime) -> None:
        """A context that was not asked is nobody's part."""
        await self._transaction.execute(_DONE, erasure=erasure, context=context, time=time)
