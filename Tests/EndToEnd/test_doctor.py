"""`posternctl doctor` and `config check`: quiet where all is well, and right about what is not."""

import re

import pytest


@pytest.fixture
def doctor(stack):
    def run(*words):
        return stack.posternctl("doctor", "--url", stack.url, "--ca", stack.ca, *words)
    return run


def lines(result, level):
    return [line for line in result.stdout.splitlines() if re.match(rf"{level} +", line)]


def test_a_healthy_site_has_no_failures(doctor):
    result = doctor()
    assert result.returncode == 0, result.stdout + result.stderr
    assert lines(result, "fail") == []
    subjects = {line.split()[1].rstrip(":") for line in lines(result, "ok")}
    assert {"configuration", "keys", "sockets", "database", "migrations", "grants", "audit", "nginx", "clock"} <= subjects


def test_a_dead_program_is_named_with_what_to_do(stack, doctor):
    with stack.without("auth"):
        result = doctor()
    assert result.returncode == 1
    (line,) = [line for line in lines(result, "fail") if "auth.sock" in line]
    assert "to mend: " in result.stdout


def test_a_certificate_that_is_not_trusted_is_told(stack):
    result = stack.posternctl("doctor", "--url", stack.url)
    assert result.returncode == 1
    assert any("nginx" in line and "tls" in line for line in lines(result, "fail"))


def test_a_grant_too_many_is_found(stack, doctor):
    stack.sql("GRANT DELETE ON postern_audit.record TO postern_console")
    try:
        result = doctor()
    finally:
        stack.sql("REVOKE DELETE ON postern_audit.record FROM postern_console")
    assert any("grants: postern_console" in line for line in lines(result, "fail"))


def test_every_mistake_of_a_configuration_is_told_with_its_line(stack, tmp_path):
    text = (stack.home / "etc" / "postern.yaml").read_text()
    broken = tmp_path / "postern.yaml"
    broken.write_text(text.replace("session: {lifetime: 1h}", "session: {lifetime: ever}").replace("threads: 16", "thread: 16"))
    result = stack.posternctl("config", "check", str(broken))
    assert result.returncode == 1
    assert len(re.findall(rf"^{re.escape(str(broken))}:\d+: ", result.stderr, re.M)) == 2
    assert "did you mean threads?" in result.stderr
    assert stack.posternctl("config", "check", str(stack.home / "etc" / "postern.yaml")).returncode == 0
