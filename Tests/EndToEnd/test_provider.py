"""The real provider: machine tokens, a key that is rotated live, a provider that is down and comes back; and SIGHUP."""

import contextlib
import datetime
import ipaddress
import json
import os
import pathlib
import signal
import sqlite3
import ssl
import subprocess
import threading
import time

import botocore.exceptions
import pytest
from conftest import keep_logs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import RSAKey
from stack import REPOSITORY, ROLE, Issuer, Stack

POLICY = pathlib.Path(__file__).parent / "policy.yaml"


@pytest.fixture(scope="module")
def site(recorder, seeded):
    stack = Stack(POSTERN_UPSTREAM=recorder.url, POSTERN_POLICY=POLICY, POSTERN_WORKERS=1)
    try:
        yield stack.up()
    finally:
        keep_logs(stack)
        stack.down()


def refusal(site, token, **kinds):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        site.assume(token, **kinds)
    return error.value.response["Error"]


def works(site, keys):
    return site.client("ssm", keys).get_parameter(Name="/e2e/password")["Parameter"]["Value"].startswith("[masked:")


def machine_token(site, client="agent-m2m"):
    made = subprocess.run(["/usr/bin/python3", REPOSITORY / "scripts/lib/oidc.py", "token", site.home / "oidc", "postern", client],
                          check=True, capture_output=True, text=True)
    return made.stdout.strip()


def issuer_url(site):
    return (site.home / "oidc" / "url").read_text() + "/api/oidc"


def provider_answers(site):
    import requests
    with contextlib.suppress(requests.RequestException):
        return requests.get(issuer_url(site) + "/jwks", timeout=2).status_code == 200
    return False


def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.1)


@contextlib.contextmanager
def provider_down(site):
    supervisor = site.pid("oidc")
    with site.stopped([supervisor]):
        os.kill(site.pid("oidc.child"), signal.SIGKILL)
        until(lambda: not provider_answers(site))
        yield
    until(lambda: provider_answers(site))


def rotate(site):
    """Gives the provider another key, as its administrator would, and starts it with that one alone."""
    run = lambda *words: subprocess.run(["openssl", *words], check=True, capture_output=True, text=True).stdout  # noqa: E731
    key = site.home / "oidc" / "next.pem"
    key.write_text(run("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"))
    with sqlite3.connect(site.home / "oidc" / "state.db") as database:
        row, = database.execute("SELECT gpmi_parameters FROM g_plugin_module_instance WHERE gpmi_name = 'oidc'")
        parameters = json.loads(row[0]) | {"key": key.read_text(), "cert": run("pkey", "-in", str(key), "-pubout")}
        database.execute("UPDATE g_plugin_module_instance SET gpmi_parameters = ? WHERE gpmi_name = 'oidc'",
                         [json.dumps(parameters)])


def key_id(token):
    import base64
    head = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]


def test_a_machine_token_of_the_provider_opens_the_gate(site):
    keys = site.assume(machine_token(site))
    assert works(site, keys)
    row, = site.sql(f"SELECT DISTINCT issuer, subject FROM postern_audit.record WHERE session_id = '{keys.access_key}' AND kind = 'intent'")
    assert row == [issuer_url(site), "agent-m2m"]


def test_the_provider_is_down_and_its_known_key_still_counts(site):
    token = machine_token(site)
    keys = site.assume(token)
    with provider_down(site):
        assert works(site, keys)
        assert works(site, site.assume(token)), "a new session needs the key alone"


def test_a_key_that_is_rotated_live_is_known_at_once(site):
    before = machine_token(site)
    site.assume(before)
    with provider_down(site):
        rotate(site)
    after = machine_token(site)
    assert key_id(after) != key_id(before)
    until(lambda: not refused_at_all(site, after), 35)  # one fetch in thirty seconds for unknown keys
    assert refusal(site, before)["Code"] == "InvalidIdentityToken", "the provider no longer has that key"


def refused_at_all(site, token):
    try:
        site.assume(token)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return None


def test_a_key_that_nobody_can_ask_about_is_refused_readably_and_taken_once_the_provider_is_back(site):
    with provider_down(site):
        rotate(site)
        stranger = RSAKey.generate_key(2048, {"kid": "never-seen"})
        now = int(time.time())
        claims = {"iss": issuer_url(site), "aud": "postern", "sub": "agent-m2m", "iat": now, "exp": now + 600}
        unknown = jwt.encode({"alg": "RS256", "kid": "never-seen"}, claims, stranger)
        until(lambda: refused_at_all(site, unknown) == "IDPCommunicationError", 35)
        error = refusal(site, unknown)
        assert error["Code"] == "IDPCommunicationError"
        assert "keys cannot be fetched now: try again" in error["Message"]
    fresh = machine_token(site)
    started = time.monotonic()
    until(lambda: refused_at_all(site, fresh) is None, 10)
    print(f"taken {time.monotonic() - started:.1f} s after the provider was back")
    assert refusal(site, unknown)["Code"] == "InvalidIdentityToken"


# SIGHUP


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate authority that no system knows, and a server's certificate of it."""
    directory = tmp_path_factory.mktemp("authority")
    key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])  # noqa: E731
    now = datetime.datetime.now(datetime.UTC)

    def build(subject, public_key, extension):
        return (x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name("Test authority")).public_key(public_key)
                .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
                .not_valid_after(now + datetime.timedelta(days=1)).add_extension(extension, critical=False).sign(key, hashes.SHA256()))

    ca = build("Test authority", key.public_key(), x509.BasicConstraints(ca=True, path_length=None))
    server = build("localhost", server_key.public_key(),
                   x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]))
    pem = serialization.Encoding.PEM
    (directory / "ca.pem").write_bytes(ca.public_bytes(pem))
    (directory / "server.pem").write_bytes(server.public_bytes(pem) + server_key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return directory


@pytest.fixture(scope="module")
def partner(authority):
    """A second issuer, over HTTPS by a certificate of that authority."""
    issuer = Issuer()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem")
    issuer.server.socket = context.wrap_socket(issuer.server.socket, server_side=True)
    issuer.url = f"https://localhost:{issuer.server.server_port}"
    return issuer


def with_partner(partner, ca):
    line = f'  - {{url: "{partner.url}", audiences: [postern], required_claims: {{tenant: [acme, initech], azp: null}}'
    line += f', ca_file: "{ca}"}}\n' if ca else "}\n"
    return lambda text: text.replace("issuers:\n", "issuers:\n" + line, 1)


@pytest.fixture
def restored(site):
    files = {path: path.read_text() for path in (site.home / "etc").glob("*.yaml")}
    yield
    for path, text in files.items():
        path.write_text(text)
    assert site.reload()


PARTNERS = {"tenant": "acme", "azp": "ci"}


def test_an_issuer_is_added_by_sighup_and_trusted_by_its_own_authority(site, partner, authority, restored):
    token = partner.token(**PARTNERS)
    assert refusal(site, token)["Message"].startswith("The OIDC token's issuer is not trusted")
    # The system's authorities do not know it.
    original = (site.home / "etc" / "postern.yaml").read_text()
    assert site.reconfigure(with_partner(partner, None))
    assert refusal(site, token)["Code"] == "IDPCommunicationError"
    until(lambda: "untrusted" in (site.home / "log" / "auth.log").read_text())
    assert site.reconfigure(lambda text: with_partner(partner, authority / "ca.pem")(
        text.replace(text[text.index("issuers:\n") + 9:text.index("\n", text.index("issuers:\n") + 9) + 1], "", 1)))
    assert original.count("url:") + 1 == (site.home / "etc" / "postern.yaml").read_text().count("url:")
    until(lambda: refused_at_all(site, token) is None)
    assert works(site, site.assume(token))
    assert works(site, site.assume(machine_token(site))), "the first issuer is as before"


@pytest.mark.parametrize("claims", [{"tenant": "evil", "azp": "ci"}, {"azp": "ci"}, {"tenant": "acme"},
                                    {"tenant": ["other"], "azp": "x"}, {"tenant": {"acme": 1}, "azp": "x"}])
def test_a_token_without_the_claims_that_its_issuer_must_make_is_refused(site, partner, authority, restored, claims):
    assert site.reconfigure(with_partner(partner, authority / "ca.pem"))
    until(lambda: refused_at_all(site, partner.token(**PARTNERS)) is None)
    error = refusal(site, partner.token(**claims))
    assert error["Code"] == "IDPRejectedClaim"
    assert "lacks a claim" in error["Message"]


def test_a_role_that_is_taken_away_ends_its_sessions_and_one_that_is_added_works(site, restored):
    other = "arn:aws:iam::111122223333:role/other"
    token = machine_token(site)
    assert refusal(site, token, role=other)["Code"] == "AccessDenied"
    before = site.assume(token)
    assert site.reconfigure(lambda text: text.replace(ROLE, other))
    assert works(site, site.assume(token, role=other))
    with pytest.raises(botocore.exceptions.ClientError) as error:
        works(site, before)
    assert "no longer configured" in str(error.value)


@pytest.mark.parametrize("mistake", [
    ("StringLike", "StringLik"), ("audiences:", "audience:"), ("algorithms: [RS256, ES256]", "algorithms: [none]"),
    ("site: ", "sight: "), (ROLE, "arn:aws:iam::1:role/x"),
])
def test_a_file_with_a_mistake_changes_nothing_and_the_log_says_where(site, restored, mistake):
    keys = site.assume(machine_token(site))
    assert not site.reconfigure(lambda text: text.replace(*mistake))
    line = next(n for n, text in enumerate((site.home / "etc" / "postern.yaml").read_text().split("\n"), 1) if mistake[1] in text)
    for name in ("auth", "worker-1"):
        assert f".yaml:{line}: " in (site.home / "log" / f"{name}.log").read_text()
    assert works(site, keys) and works(site, site.assume(machine_token(site)))


def test_config_check_says_all_of_it_at_once(site, restored):
    path = site.home / "etc" / "broken.yaml"
    path.write_text((site.home / "etc" / "postern.yaml").read_text()
                    .replace("StringLike", "StringLik").replace("algorithms: [RS256, ES256]", "clock_skew: 9h, required_claims: []")
                    .replace("lifetime: 1h", "lifetime: 1y"))
    checked = site.posternctl("config", "check", str(path))
    path.unlink()
    assert checked.returncode == 1
    mistakes = checked.stderr.strip().splitlines()
    assert len(mistakes) == 4, checked.stderr
    assert all(line.startswith(f"{path}:") and line.split(":")[1].isdigit() for line in mistakes)


def test_no_login_fails_while_the_configuration_is_read_again_and_again(site, partner, authority, restored):
    token = machine_token(site)
    failures, count, done = [], [0], threading.Event()

    def log_in():
        while not done.is_set():
            try:
                site.assume(token)
                count[0] += 1
            except Exception as error:  # noqa: BLE001 - every failure counts
                failures.append(repr(error))

    threads = [threading.Thread(target=log_in) for _ in range(4)]
    for thread in threads:
        thread.start()
    change = with_partner(partner, authority / "ca.pem")
    for _ in range(5):
        files = {path: path.read_text() for path in (site.home / "etc").glob("*.yaml")}
        assert site.reconfigure(change)
        assert not site.reconfigure(lambda text: text + "nonsense: 1\n")
        for path, text in files.items():
            path.write_text(text)
        assert site.reload()
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert count[0] > 20
