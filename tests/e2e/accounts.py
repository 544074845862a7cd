"""Accounts made as people make them: registered over HTTP, verified with the code of the mailbox."""

import re
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import httpx

from stack.whole import WholeStack

PASSWORD = "seven samurai ride"
_PATIENCE = 20.0  # seconds until an e-mail is there


@dataclass(frozen=True)
class Person:
    """`name` is the resource name of the account."""

    name: str
    email: str
    password: str = PASSWORD


def new_email() -> str:
    return f"{uuid.uuid4().hex[:12]}@example.org"


def registered(http: httpx.Client, stack: WholeStack, email: str) -> tuple[str, str]:
    """Handle and code of a registration."""
    begun = http.post("/v1/accounts:register", json={"email": email, "password": PASSWORD})
    assert begun.status_code == 200, begun.text
    return begun.json()["registration"], code_for(stack, email)


def person(http: httpx.Client, stack: WholeStack) -> Person:
    email = new_email()
    registration, code = registered(http, stack, email)
    account = http.post("/v1/accounts:verifyEmail", json={"registration": registration, "code": code})
    assert account.status_code == 200, account.text
    return Person(account.json()["name"], email)


def logged_in(http: httpx.Client, who: Person) -> dict[str, str]:
    """The tokens of a session, by their names in JSON."""
    login = http.post("/v1/sessions:logIn", json={"email": who.email, "password": who.password})
    assert login.status_code == 200, login.text
    tokens: dict[str, str] = login.json()["tokens"]
    return tokens


def code_for(stack: WholeStack, email: str, after: int = 0) -> str:
    """The code of the e-mail that came after the first `after` ones."""
    limit = time.monotonic() + _PATIENCE
    while True:
        letters: list[Path] = sorted(stack.directory.mailbox.glob(f"*-{email}.txt"))
        for letter in letters[after:]:
            if found := re.search(r"\b\d{6}\b", letter.read_text(encoding="utf-8")):
                return found[0]
        assert time.monotonic() < limit, [letter.name for letter in letters]
        time.sleep(0.05)
