"""Requests that wait for a person, put into the database as the worker does, and HTTP logins without a browser."""

import hashlib
import http.cookies
import itertools
import json
import urllib.parse

import requests

NUMBERS = itertools.count()


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return "ARRAY[" + ",".join(map(literal, value)) + "]::text[]"
    return "'" + str(value).replace("'", "''") + "'"


def ask(stack, subject="agent-m2m", operation="ssm.PutParameter", quorum=1, approvers="[]", expires="15 minutes",
        text=None, **fields):
    """Opens an approval, every free text of which may be `text`; returns its id."""
    fingerprint = hashlib.sha256(f"{stack.home} {next(NUMBERS)}".encode()).hexdigest()
    say = lambda default: default if text is None else text  # noqa: E731
    parameters = fields.get("parameters", {say("Name"): say("/prod/billing/currency"), "Value": say("EUR"),
                                           "Overwrite": True, "Tags": [{"Key": "owner", "Value": say("billing")}]})
    arguments = [
        f"'\\x{fingerprint}'::bytea", f"interval '{expires}'", "interval '5 minutes'", "1", str(quorum),
        literal(approvers) + "::json", literal(fields.get("issuer", "https://agents.example")), literal(subject),
        literal([say("agents")]), literal(say("arn:aws:iam::111122223333:role/agent")), literal(say("S7QK2MPB")),
        literal(say("query-8f3a")), literal(say("billing-report/1.4")), literal(say("203.0.113.7")),
        literal(say("aws-cli/2.15.30 Python/3.11.8")), literal(say(operation)), literal([say("ssm:PutParameter")]),
        literal(say(fields.get("level", "Write"))), literal([say(risk) for risk in fields.get("risks", [])]),
        literal([say("arn:aws:ssm:eu-central-1:111122223333:parameter/prod/billing/currency")]),
        literal(say("eu-central-1")), literal(say("111122223333")), literal(json.dumps(parameters)) + "::json",
        literal(say("aws ssm put-parameter --name /prod/billing/currency --value EUR --overwrite")),
        literal(say("Statement AskForWrites asks a person before an agent writes.")),
        literal(say("AskForWrites default.yaml:31")), literal(say("Agents read; a person looks before they write.")),
        "NULL",
    ]
    return stack.sql(f"SELECT id FROM postern.open_approval({', '.join(arguments)})", user="postern_worker")[0][0]


def state(stack, identifier):
    return stack.sql(f"SELECT state FROM postern.approval WHERE id = '{identifier}'")[0][0]


def votes(stack, identifier):
    return [row[0] for row in stack.sql(
        f"SELECT verdict FROM postern.approval_decision WHERE approval_id = '{identifier}' ORDER BY decided_at")]


class PlainLogin:
    """A login by HTTP alone, for what no browser would send."""

    def __init__(self, stack, name):
        self.stack = stack
        self.base = f"{stack.url}/_postern/console/"
        self.console = requests.Session()
        self.console.verify = stack.ca
        self.console.trust_env = False
        self.provider = requests.Session()
        self.provider.trust_env = False
        self.provider_url = (stack.home / "oidc" / "url").read_text()
        password = json.loads((stack.home / "oidc" / "users.json").read_text())[name]
        self.provider.post(self.provider_url + "/api/auth/", json={"username": name, "password": password})

    def begin(self, path="", **options):
        """The provider's URL that the console sends the browser to."""
        answer = self.console.get(self.base + path, allow_redirects=False, **options)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def callback(self, location):
        """The URL that the provider sends the browser back to."""
        scope = urllib.parse.parse_qs(urllib.parse.urlparse(location).query)["scope"][0]
        self.provider.put(self.provider_url + "/api/auth/grant/postern-console", json={"scope": scope})
        answer = self.provider.get(location + "&g_continue", allow_redirects=False)
        return answer.headers["Location"]

    def log_in(self, path="", **options):
        callback = self.callback(self.begin(path, **options))
        self.landed = self.console.get(callback, allow_redirects=False, **options)
        assert self.landed.status_code == 303, self.landed.text
        return self

    def get(self, path, **options):
        return self.console.get(self.base + path, allow_redirects=False, **options)


def cookies_of(answer):
    """Every Set-Cookie of an answer by name."""
    jar = http.cookies.SimpleCookie()
    for line in answer.raw.headers.getlist("Set-Cookie"):
        jar.load(line)
    return jar
