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


def test_a_key_that_others_can_read_is_told_and_well_again_when_mended(stack, doctor):
    ring = stack.home / "etc" / "ring.json"
    mode = ring.stat().st_mode & 0o777
    ring.chmod(0o644)
    try:
        result = doctor()
    finally:
        ring.chmod(mode)
    assert result.returncode == 1
    assert any("keys" in line and "ring.json" in line for line in lines(result, "fail"))
    assert lines(doctor(), "fail") == []


def test_a_database_of_a_newer_version_is_told_and_well_again_when_mended(stack, doctor):
    stack.sql("""INSERT INTO postern.migration SELECT (json_populate_record(m, json_build_object('number', m.number + 1,
        'name', 'from_the_future'))).* FROM postern.migration AS m ORDER BY number DESC LIMIT 1""")
    try:
        result = doctor()
    finally:
        stack.sql("DELETE FROM postern.migration WHERE number = (SELECT max(number) FROM postern.migration)")
    assert result.returncode == 1
    assert any("migrations" in line and "newer" in line for line in lines(result, "fail"))
    assert lines(doctor(), "fail") == []


@pytest.mark.parametrize(("old", "new", "subject"), [
    (r'policy: \[".*"\]', 'policy: ["/nonexistent/policy.yaml"]', "policy"),
    (r'ring: "[^"]*"', 'ring: "/nonexistent/ring.json"', "keys"),
    (r'checkpoint: "[^"]*"', 'checkpoint: "/nonexistent/checkpoint.pem"', "keys"),
    (r'/auth.sock"', '/nobody.sock"', "sockets"),
    (r'dbname=[a-z]+', 'dbname=nobody', "database"),
    (r'http://127.0.0.1:[0-9]+", audiences', 'http://127.0.0.1:1", audiences', "identity provider"),
])
def test_what_the_configuration_names_and_is_not_there_is_told(stack, doctor, tmp_path, old, new, subject):
    text = (stack.home / "etc" / "postern.yaml").read_text()
    if subject == "identity provider":
        text = re.sub(r'issuer: "http://127.0.0.1:[0-9]+"', 'issuer: "http://127.0.0.1:1"', text)
    changed = re.sub(old, new, text)
    assert changed != text
    (tmp_path / "postern.yaml").write_text(changed)
    result = doctor("--config", str(tmp_path / "postern.yaml"))
    assert result.returncode == 1
    found = [line for line in lines(result, "fail") if line.split(maxsplit=1)[1].startswith(f"{subject}: ")]
    assert found, result.stdout
    assert "to mend: " in result.stdout
