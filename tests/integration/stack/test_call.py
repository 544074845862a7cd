"""`reelmesh call` against a server that it knows only by reflection."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.integration.stack.conftest import PROJECT, Outcome, reelmesh
from tests.integration.stack.echo_server import echo_server


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with echo_server() as host_and_port:
        yield host_and_port


def call(address: str, *arguments: str, stdin: str | None = None, token: str = "") -> Outcome:
    env = {**os.environ, "PYTHONPATH": str(PROJECT), "REELMESH_TOKEN": token}
    argv = [sys.executable, "-P", "-m", "stack", "call", "--address", address, *arguments]
    done = subprocess.run(argv, env=env, input=stdin, capture_output=True, text=True, timeout=30)
    return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    "method",
    ["test.echo.v1.EchoService/Say", "/test.echo.v1.EchoService/Say", "test.echo.v1.EchoService.Say", "EchoService/Say", "EchoService.Say"],
)
def test_a_method_may_be_named_long_or_short(address: str, method: str) -> None:
    done = call(address, method, '{"spokenText": "café"}')
    assert (done.code, json.loads(done.out), done.err) == (0, {"spokenText": "café", "times": 0}, "")


def test_the_request_may_come_from_standard_input(address: str) -> None:
    assert json.loads(call(address, "EchoService.Say", "-", stdin='{"spoken_text":\n "hi"}').out)["spokenText"] == "hi"


def test_no_request_is_the_empty_one_and_zeros_are_shown(address: str) -> None:
    assert json.loads(call(address, "EchoService.Say").out) == {"spokenText": "", "times": 0}


def test_a_server_stream_is_one_line_for_each_answer(address: str) -> None:
    lines = call(address, "EchoService.Repeat", '{"spokenText": "na", "times": 3}').out.splitlines()
    assert [json.loads(line)["spokenText"] for line in lines] == ["na 0", "na 1", "na 2"]


@pytest.mark.parametrize("stdin", ['{"spokenText": "a"}\n\n{"spokenText": "b"}\n', '[{"spokenText": "a"},\n {"spokenText": "b"}]'])
def test_a_client_stream_reads_lines_or_an_array(address: str, stdin: str) -> None:
    assert json.loads(call(address, "EchoService.Join", "-", stdin=stdin).out)["spokenText"] == "a b"


def test_a_client_stream_takes_an_array_as_argument(address: str) -> None:
    assert json.loads(call(address, "EchoService.Join", '[{"spokenText": "x"}, {"spokenText": "y"}]').out)["spokenText"] == "x y"


def test_both_directions_stream_at_once(address: str) -> None:
    done = call(address, "EchoService.Chat", "-", stdin='{"times": 1}\n{"times": 2}\n')
    assert [json.loads(line)["times"] for line in done.out.splitlines()] == [1, 2]


def test_an_error_is_its_status_with_details(address: str) -> None:
    done = call(address, "EchoService.Refuse", '{"spokenText": "blorp"}')
    assert (done.code, done.out) == (1, "")
    status = json.loads(done.err)
    assert (status["code"], status["message"]) == (5, "no such word")
    assert status["details"] == [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "WORD_UNKNOWN",
            "domain": "test.echo",
            "metadata": {"word": "blorp"},
        }
    ]


def test_tokens_and_headers_are_sent(address: str) -> None:
    done = call(address, "EchoService.Whoami", "-H", "Accept-Language: pt-BR, en", token="t0ken")
    assert json.loads(done.out)["spokenText"] == "accept-language=pt-BR, en authorization=Bearer t0ken"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["EchoService.Shout"], "has no method 'Shout', it has Chat, Join, Refuse, Repeat, Say, Whoami"),
        (["CinemaService.Say"], "there is no single service 'CinemaService'"),
        (["Say"], "there is no single service ''"),
        (["EchoService.Say", "{"], "the request is not JSON"),
        (["EchoService.Say", '{"colour": 1}'], 'no field named "colour"'),
        (["EchoService.Say", "[1]"], "the request is not a test.echo.v1.Word"),
        (["EchoService.Join", '[{"spokenText": "x"}, {"colour": 1}]'], 'no field named "colour"'),
        (["EchoService.Say", "-H", "nonsense"], "write 'key: value'"),
    ],
)
def test_a_wrong_request_is_told_in_one_sentence(address: str, arguments: list[str], words: str) -> None:
    done = call(address, *arguments)
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1), done
    assert words in done.err


def test_nobody_at_the_address(address: str) -> None:
    done = reelmesh("call", "EchoService.Say", "--address", "127.0.0.1:1")
    assert (done.code, done.err) == (1, "reelmesh: nobody answers at 127.0.0.1:1\n")


def test_another_server_may_describe_what_the_called_one_does_not(address: str) -> None:
    with echo_server(reflected=False) as silent:
        assert "does not describe itself" in call(silent, "EchoService.Say").err
        done = call(silent, "EchoService.Say", '{"spokenText": "hi"}', "--describer", address)
    assert (done.code, json.loads(done.out)["spokenText"]) == (0, "hi")
