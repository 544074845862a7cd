"""Resource names and the ids in them; the contract's patterns have been checked before a name gets here."""


def user_name(user: str) -> str:
    return f"users/{user}"


def session_name(user: str, session: str) -> str:
    return f"users/{user}/sessions/{session}"


def erasure_name(erasure: str) -> str:
    return f"erasures/{erasure}"


def audit_entry_name(entry: str) -> str:
    return f"auditEntries/{entry}"


def id_of(name: str) -> str:
    """`alice` of `users/alice`."""
    return name.split("/", 2)[1]


def two_ids_of(name: str) -> tuple[str, str]:
    """`alice` and `s1` of `users/alice/sessions/s1`."""
    _, first, _, second = name.split("/")
    return first, second
