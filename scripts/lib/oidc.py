"""Sets up and asks the stack's glewlwyd: `provision DIR AUDIENCE REDIRECT_URI`, `token DIR AUDIENCE`.

DIR holds `url`, and gets `clients.json` and `users.json` (mode 0600): the secrets that were made up.
Standard library only, since it runs before there is a virtual environment.
"""

import base64
import http.cookiejar
import json
import os
import pathlib
import secrets
import subprocess
import sys
import urllib.parse
import urllib.request

TOKEN_LIFETIME = 12 * 3600
USERS = {"alice": ["approvers"], "bob": ["approvers"], "carol": ["engineers"]}


def machine_scope(audience):
    """glewlwyd takes only a URL as RFC 8707 resource; without one the scope's name is the audience."""
    return "postern:invoke" if "://" in audience else audience


class Provider:
    """glewlwyd's administration interface, signed in as its first administrator."""

    def __init__(self, url):
        self.url = url
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + "/api" + path, data, method=method)
        request.add_header("Content-Type", "application/json")
        with self.opener.open(request, timeout=20) as response:
            text = response.read()
        return json.loads(text) if text else None


def save(path, value):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(value, file, indent=2)


def provision(directory, audience, redirect_uri):
    url = (directory / "url").read_text()
    provider = Provider(url)
    provider.call("POST", "/auth/", {"username": "admin", "password": "password"})
    invoke = machine_scope(audience)
    for scope in (invoke, "postern:approve", "profile", "email"):
        provider.call("POST", "/scope/", {
            "name": scope, "display_name": scope, "description": scope,
            "password_required": True, "password_max_age": 0,
        })
    add_groups_to_users(provider)
    provider.call("POST", "/mod/plugin/", plugin(url, audience, directory))

    users = {name: secrets.token_urlsafe(12) for name in USERS}
    for name, password in users.items():
        provider.call("POST", "/user/?source=database", {
            "username": name, "password": password, "name": name, "email": f"{name}@example.com", "enabled": True,
            "scope": ["openid", "g_profile", "postern:approve", "profile", "email"], "groups": USERS[name],
        })
    clients = {name: secrets.token_urlsafe(24) for name in ("agent-m2m", "agent-2", "postern-console")}
    for name, secret in clients.items():
        console = name == "postern-console"
        provider.call("POST", "/client/?source=database", {
            "client_id": name, "name": name, "confidential": True, "password": secret, "enabled": True,
            "scope": ["openid", "postern:approve", "profile", "email"] if console else [invoke],
            "authorization_type": ["code", "refresh_token"] if console else ["client_credentials"],
            "redirect_uri": [redirect_uri] if console else [],
            "token_endpoint_auth_method": ["client_secret_basic", "client_secret_post"],
        })
    save(directory / "users.json", users)
    save(directory / "clients.json", clients)
    # The stack's provider has no administrator with a password that everybody knows.
    provider.call("PUT", "/user/admin?source=database", {
        **provider.call("GET", "/user/admin?source=database"), "password": secrets.token_urlsafe(24),
    })


def add_groups_to_users(provider):
    module = provider.call("GET", "/mod/user/database")
    module["parameters"].setdefault("data-format", {})["groups"] = {"multiple": True, "read": True, "write": True}
    provider.call("PUT", "/mod/user/database", module)
    provider.call("PUT", "/mod/user/database/reset")


def plugin(url, audience, directory):
    key = directory / "signing.pem"
    run = lambda *words: subprocess.run(["openssl", *words], check=True, capture_output=True, text=True).stdout
    with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(run("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"))
    invoke = machine_scope(audience)
    return {"module": "oidc", "name": "oidc", "display_name": "OIDC", "enabled": True, "parameters": {
        "iss": url + "/api/oidc", "jwt-type": "rsa", "jwt-key-size": "256",
        "key": key.read_text(), "cert": run("pkey", "-in", str(key), "-pubout"), "jwks-show": True,
        "access-token-duration": TOKEN_LIFETIME, "refresh-token-duration": TOKEN_LIFETIME, "code-duration": 60,
        "allow-non-oidc": True, "auth-type-code-enabled": True, "auth-type-code-revoke-replayed": True,
        "auth-type-client-enabled": True, "auth-type-password-enabled": False, "auth-type-refresh-enabled": True,
        "pkce-allowed": True, "pkce-method-plain-allowed": False, "pkce-required": True,
        "resource-allowed": True, "resource-client-property": "resource",
        "resource-scope": {invoke: [audience]} if "://" in audience else {},
        "resource-scope-and-client-property": False,
        "introspection-revocation-allowed": True, "introspection-revocation-allow-target-client": True,
        "name-claim": "mandatory", "email-claim": "mandatory", "scope-claim": "mandatory",
        "claims": [{"name": "groups", "user-property": "groups", "type": "string", "mandatory": True, "scope": []}],
        "additional-parameters": [{"user-parameter": "groups", "token-parameter": "groups", "token-changed": False}],
        "allowed-scope": ["openid", "profile", "email", invoke, "postern:approve"], "subject-type": "public",
    }}


def token(directory, audience, client="agent-m2m"):
    url = (directory / "url").read_text()
    secret = json.loads((directory / "clients.json").read_text())[client]
    form = {"grant_type": "client_credentials", "scope": machine_scope(audience)}
    if "://" in audience:
        form["resource"] = audience
    request = urllib.request.Request(url + "/api/oidc/token", urllib.parse.urlencode(form).encode())
    request.add_header("Authorization", "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode())
    with urllib.request.urlopen(request, timeout=20) as response:
        return json.load(response)["access_token"]


if __name__ == "__main__":
    command, directory, *rest = sys.argv[1:]
    if command == "provision":
        provision(pathlib.Path(directory), *rest)
    elif command == "token":
        print(token(pathlib.Path(directory), *rest))
    else:
        sys.exit(f"unknown command {command}")
