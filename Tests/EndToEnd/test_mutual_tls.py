"""The site of docs/nginx.md that asks clients for a certificate too: a second nginx before the same programs."""

import contextlib
import http.client
import re
import socket
import ssl
import subprocess
import time

import pytest
from stack import REPOSITORY, free_port


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=60)


def authority(directory, name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
            "-subj", f"/CN={name}", "-keyout", directory / f"{name}.key", "-out", directory / f"{name}.pem")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=agent-7",
            "-keyout", directory / f"{name}-agent.key", "-out", directory / f"{name}-agent.csr")
    openssl("x509", "-req", "-days", "1", "-in", directory / f"{name}-agent.csr", "-CA", directory / f"{name}.pem",
            "-CAkey", directory / f"{name}.key", "-CAcreateserial", "-out", directory / f"{name}-agent.pem")


@pytest.fixture(scope="module")
def site(stack, tmp_path_factory):
    """The port of an nginx with the lines of the documentation in its server, and where certificates are."""
    directory, port = tmp_path_factory.mktemp("mtls"), free_port()
    directory.chmod(0o755)
    for name in ("ca", "stranger"):
        authority(directory, name)
    page = (REPOSITORY / "docs" / "nginx.md").read_text()
    lines = re.search(r"## Mutual TLS\n.*?```nginx\n(.*?)```", page, re.S)[1]
    lines = lines.replace("/etc/postern/tls/agents-ca.pem", f"{directory}/ca.pem")
    old = stack.home / "nginx"
    server = (old / "site.conf").read_text().replace(f":{stack.port}", f":{port}")
    (directory / "site.conf").write_text(server.replace("ssl_session_tickets", lines + "ssl_session_tickets", 1))
    whole = (old / "nginx.conf").read_text().replace(f"{old}/nginx.pid", f"{directory}/nginx.pid")
    (directory / "nginx.conf").write_text(whole.replace(f"{old}/site.conf", f"{directory}/site.conf"))
    words = ["/usr/sbin/nginx", "-c", str(directory / "nginx.conf"), "-e", str(directory / "error.log")]
    tested = subprocess.run([*words, "-t"], capture_output=True, text=True, timeout=30)
    assert tested.returncode == 0, tested.stderr
    process = subprocess.Popen([*words, "-g", "daemon off;"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            break
        time.sleep(0.05)
    yield port, directory
    process.terminate()
    process.wait(timeout=30)


def send(stack, site, method, path, headers=None, body=None, certificate=None):
    port, directory = site
    context = ssl.create_default_context(cafile=stack.ca)
    if certificate:
        context.load_cert_chain(directory / f"{certificate}.pem", directory / f"{certificate}.key")
    connection = http.client.HTTPSConnection("localhost", port, timeout=20, context=context)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def call(stack, site, keys, certificate):
    headers = stack.sign(keys, "ssm", "POST", "/", {"Content-Type": "application/x-amz-json-1.1",
                                                    "X-Amz-Target": "AmazonSSM.DescribeParameters"}, b"{}")
    return send(stack, site, "POST", "/", headers, b"{}", certificate)


def test_a_call_with_a_certificate_passes(stack, site, keys):
    status, body = call(stack, site, keys, "ca-agent")
    assert status == 200 and "Parameters" in body, body


def test_a_certificate_is_no_identity(stack, site):
    status, body = send(stack, site, "GET", "/", certificate="ca-agent")
    assert status == 403, body


@pytest.mark.parametrize("certificate", [None, "stranger-agent"])
def test_without_a_certificate_of_the_site_no_call_passes(stack, site, keys, upstream, certificate):
    status, body = call(stack, site, keys, certificate)
    assert status == 400 and "MalformedHttpRequestException" in body, body
    assert not upstream.requests


@pytest.mark.parametrize("path", ["/_postern/health/live", "/_postern/metrics/auth", "/_postern/console/"])
def test_nothing_else_passes_either(stack, site, path):
    assert send(stack, site, "GET", path)[0] == 400
