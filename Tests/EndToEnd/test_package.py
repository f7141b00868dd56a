"""The Debian package, unpacked into a scratch root. Needs POSTERN_PACKAGE, which scripts/test sets."""

import json
import os
import pathlib
import re
import subprocess

import pytest
from stack import REPOSITORY

PACKAGE = os.environ.get("POSTERN_PACKAGE")
pytestmark = pytest.mark.skipif(not PACKAGE, reason="POSTERN_PACKAGE names no package")
PROGRAMS = ["usr/sbin/postern-auth", "usr/sbin/postern-worker", "usr/sbin/postern-console", "usr/bin/posternctl"]


def run(*words, **options):
    return subprocess.run([str(word) for word in words], text=True, capture_output=True, timeout=60, **options)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    subprocess.run(["dpkg-deb", "-x", PACKAGE, root], check=True)
    return root


@pytest.fixture(scope="module")
def installed(root, tmp_path_factory):
    """What the maintainer scripts leave in /etc/postern, with paths below the root."""
    etc = root / "etc" / "postern"
    etc.mkdir(parents=True, exist_ok=True)
    made = run(root / "usr/bin/posternctl", "keys", "init", "--ring", etc / "ring.json",
               "--checkpoint", etc / "checkpoint.pem")
    assert made.returncode == 0, made.stderr
    text = (root / "usr/share/postern/postern.yaml").read_text().replace("/etc/postern", str(etc))
    (etc / "postern.yaml").write_text(text)
    (etc / "policy.yaml").write_text((root / "usr/share/postern/policy/default.yaml").read_text())
    return etc


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_runs_without_a_swift_installation(root, program):
    bare = {"PATH": "/usr/bin:/bin"}
    version = run(root / program, "--version", env=bare)
    assert version.returncode == 0, version.stderr
    assert version.stdout.strip() == run("dpkg-deb", "-f", PACKAGE, "Version").stdout.strip()
    assert "--config" in run(root / program, "--help" if "sbin" in program else "help", env=bare).stdout
    linked = run("ldd", root / program).stdout
    assert "swift" not in linked and "not found" not in linked


def test_dependencies_are_debian_s_own(root):
    depends = run("dpkg-deb", "-f", PACKAGE, "Depends").stdout
    for name in ("libc6", "libcurl4", "libpq5", "libssl3", "libfcgi", "libhyperscan5", "libexpat1", "zlib1g"):
        assert re.search(rf"\b{name}", depends), depends


def test_the_configuration_to_begin_with_has_no_mistakes(root, installed):
    checked = run(root / "usr/bin/posternctl", "config", "check", installed / "postern.yaml")
    assert checked.returncode == 0, checked.stderr
    assert "no mistakes" in checked.stdout


def test_the_doctor_looks_at_the_files(root, installed):
    result = run(root / "usr/bin/posternctl", "doctor", "--offline", "--config", installed / "postern.yaml")
    assert " 0 failures" in result.stdout, result.stdout + result.stderr
    (installed / "ring.json").chmod(0o644)
    result = run(root / "usr/bin/posternctl", "doctor", "--offline", "--config", installed / "postern.yaml")
    (installed / "ring.json").chmod(0o600)
    assert result.returncode == 1
    assert re.search(r"^fail +keys: .*ring.json", result.stdout, re.M) and "to mend: " in result.stdout


def test_migrations_policies_and_nginx_files_are_the_repository_s(root):
    share = root / "usr/share/postern"
    for directory, pattern in (("sql", "*.sql"), ("policy", "*.yaml"), ("nginx", "*")):
        there = {path.name: path.read_bytes() for path in (share / directory).glob(pattern)}
        assert there == {path.name: path.read_bytes() for path in (REPOSITORY / directory).glob(pattern)}


def test_nginx_takes_the_installed_files(root, tmp_path):
    nginx = tmp_path / "nginx"
    nginx.mkdir()
    for name in ("postern-http", "postern", "postern-params"):
        link = root / "etc/nginx/postern" / f"{name}.conf"
        assert os.readlink(link) == f"/usr/share/postern/nginx/{name}.conf"
    (nginx / "postern").mkdir()
    for name in ("postern-http", "postern", "postern-params"):
        (nginx / "postern" / f"{name}.conf").write_text((root / "usr/share/postern/nginx" / f"{name}.conf").read_text())
    (nginx / "postern/postern-site.conf").write_text((root / "etc/nginx/postern/postern-site.conf").read_text())
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=localhost", "-days", "1", "-keyout", nginx / "key.pem", "-out", nginx / "cert.pem"],
                   check=True, capture_output=True)
    (nginx / "nginx.conf").write_text(f"""
        pid {nginx}/pid; error_log stderr; events {{ }}
        http {{
            access_log off;
            include postern/postern-http.conf;
            server {{
                listen 127.0.0.1:1 ssl default_server;
                ssl_certificate {nginx}/cert.pem; ssl_certificate_key {nginx}/key.pem;
                include postern/postern.conf;
            }}
        }}""")
    tested = run("/usr/sbin/nginx", "-t", "-p", nginx, "-c", nginx / "nginx.conf", "-e", "stderr")
    assert tested.returncode == 0, tested.stderr


def test_maintainer_scripts_are_sound(root, tmp_path):
    subprocess.run(["dpkg-deb", "-e", PACKAGE, tmp_path], check=True)
    for name in ("postinst", "prerm", "postrm"):
        assert run("sh", "-n", tmp_path / name).returncode == 0
    assert (tmp_path / "conffiles").read_text() == "/etc/nginx/postern/postern-site.conf\n"


def test_every_command_is_in_the_manual(root):
    page = subprocess.run(["zcat", root / "usr/share/man/man1/posternctl.1.gz"], capture_output=True, text=True).stdout
    commands = re.findall(r"^  ([a-z]+) {2,}", run(root / "usr/bin/posternctl", "--help").stdout, re.M)
    assert len(commands) >= 8
    for command in commands:
        assert f".It Cm {command}\n" in page


def test_the_bill_of_materials_names_what_the_programs_are_linked_with(root):
    documents = root / "usr/share/doc/postern"
    bill = json.loads((documents / "sbom.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert bill["metadata"]["component"]["version"] == run("dpkg-deb", "-f", PACKAGE, "Version").stdout.strip()
    names = {component["name"]: component for component in bill["components"]}
    assert {"swift-log", "Yams", "swift-mustache", "swift-http-types", "swift-argument-parser"} <= names.keys()
    depends = re.findall(r"(?:^|, )([a-z0-9.+-]+)", run("dpkg-deb", "-f", PACKAGE, "Depends").stdout.strip())
    assert len(depends) > 8 and set(depends) <= names.keys()
    assert all(component["version"] and component["licenses"] for component in names.values())
    references = [component["bom-ref"] for component in bill["components"]]
    assert len(set(references)) == len(references) and bill["dependencies"][0]["dependsOn"] == references
    licences = (documents / "third-party-licences.txt").read_text()
    for component in bill["components"]:
        if component["properties"][0]["value"] == "statically":
            assert component["name"] in licences
    assert licences.count("Apache License") >= 5 and "Permission is hereby granted" in licences
    assert "Runtime Library Exception" in licences


def test_documentation_that_the_package_names_is_in_it(root):
    examples = {path.name for path in (root / "usr/share/doc/postern/examples").iterdir()}
    assert {"alerts.yml", "dashboard.json", "aws-credentials.conf"} <= examples
