"""R18: what schemathesis makes of the OpenAPI document is answered as the document says."""

import subprocess
import sys
from pathlib import Path

import pytest

from stack.whole import WholeStack

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
SEED = "1895"


@pytest.mark.parametrize(
    ("phases", "examples"),
    [("fuzzing", 4), pytest.param("examples,coverage,fuzzing", 100, marks=[pytest.mark.slow, pytest.mark.timeout(900)])],
)
def test_the_platform_keeps_its_document(stack: WholeStack, tmp_path: Path, phases: str, examples: int) -> None:
    token = stack.token("users/admin", ["ADMIN", "USER"])
    argv = [str(Path(sys.executable).with_name("st")), "run", f"{stack.edge}/openapi.json", "--checks", CHECKS, "--phases", phases]
    argv += ["--max-examples", str(examples), "--seed", SEED, "--request-timeout", "10", "--suppress-health-check", "all"]
    argv += ["--warnings", "off", "-H", f"Authorization: Bearer {token}"]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=tmp_path, timeout=850)
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
    assert "No issues found" in done.stdout
