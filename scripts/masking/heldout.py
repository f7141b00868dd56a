"""Files, logs and answers that people really have, with secrets of some 75 kinds in them; and as many without any.

A second corpus beside scripts/make-masking-corpus, written without looking at what the detectors know: names, layouts and
neighbours come from the documentation of the tools that write such files. Everything is random and made at run time.
"""
import base64
import gzip
import hashlib
import json
import random
import string
import struct
import textwrap
import uuid
import zlib
from xml.sax.saxutils import escape

LET, DIG = string.ascii_letters, string.digits
AN, LOW, UPP, HEX = LET + DIG, string.ascii_lowercase + DIG, string.ascii_uppercase + DIG, "0123456789abcdef"
B64, URL = AN + "+/", AN + "-_"
WORDS = "river stone cloud amber falcon maple cobalt harbor violet copper summit meadow lantern orbit pepper saddle".split()


class Random:
    def __init__(self, seed):
        self.r = random.Random(f"held out {seed}")

    def s(self, alphabet, n, m=None):
        n = n if m is None else self.r.randint(n, m)
        while True:
            value = "".join(self.r.choice(alphabet) for _ in range(n))
            mixed = alphabet not in (AN, LOW, UPP, URL, B64, HEX) or n < 12
            if mixed or any(c.isdigit() for c in value) and any(c.isalpha() for c in value):
                return value

    def one(self, *v):
        return self.r.choice(v)

    def bytes(self, n):
        return bytes(self.r.getrandbits(8) for _ in range(n))

    def uuid(self):
        return str(uuid.UUID(int=self.r.getrandbits(128), version=4))

    def word(self):
        return self.one(*WORDS)

    def b64(self, n):
        return base64.b64encode(self.bytes(n)).decode()

    def b64url(self, data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    def password(self):
        w = self.word()
        return self.one(
            lambda: w.capitalize() + self.s(DIG, 2, 4) + self.one(*"!#$%&*@?"), lambda: self.s(AN + "!@#%^*_-+=", 12, 28),
            lambda: "-".join([w, self.word(), self.word(), self.s(DIG, 2)]), lambda: w.capitalize() + self.word().capitalize() + self.s(DIG, 1, 3),
            lambda: self.s(AN, 12, 32), lambda: self.s(LOW, 10, 16), lambda: w[0].upper() + "@" + w[1:] + "_" + self.s(DIG, 4), lambda: self.s(HEX, 16, 32))()

    def jwt(self):
        head = {"alg": self.one("RS256", "HS256", "ES256", "EdDSA"), "kid": self.s(URL, 8), "typ": "JWT"}
        body = {"iss": "https://login.acme.io/", "sub": self.uuid(), "exp": 1760000000 + self.r.randrange(10 ** 6), "scope": "read write"}
        return ".".join([self.b64url(json.dumps(head).encode()), self.b64url(json.dumps(body, separators=(",", ":")).encode()), self.s(URL, self.one(43, 86, 342))])

    def pem(self, kind):
        body = base64.b64encode(b"0\x82" + self.bytes(self.one(118, 607, 1190))).decode()
        return "\n".join([f"-----BEGIN {kind}PRIVATE KEY-----", *textwrap.wrap(body, 64), f"-----END {kind}PRIVATE KEY-----"])

    def crc(self, prefix, n=30):
        body = self.s(AN, n)
        number, digits, alphabet = zlib.crc32(body.encode()), "", DIG + string.ascii_uppercase + string.ascii_lowercase
        while number:
            number, rest = divmod(number, 62)
            digits = alphabet[rest] + digits
        return prefix + body + digits.rjust(6, "0")


def kinds(m):
    """Kind: (whether it has a look of its own, names that people give it, maker)."""
    s, j = m.s, "".join
    pw = m.password
    return {
        # With a look of their own.
        "github-classic": (1, ["GITHUB_TOKEN", "gh_pat", "githubToken"], lambda: m.crc(j(["gh", "p_"]))), "github-fine": (1, ["GH_TOKEN"], lambda: j(["github", "_pat_"]) + s(AN, 22) + "_" + s(AN, 59)),
        "github-app": (1, ["installationToken"], lambda: m.crc(j(["gh", "s_"]))), "gitlab": (1, ["GITLAB_TOKEN", "CI_JOB_PAT"], lambda: j(["gl", "pat-"]) + s(URL, 20)),
        "slack-bot": (1, ["SLACK_BOT_TOKEN", "slackToken"], lambda: j(["xo", "xb-"]) + s("123456789", 11, 13) + "-" + s("123456789", 12) + "-" + s(AN, 24)),
        "slack-user": (1, ["SLACK_TOKEN"], lambda: j(["xo", "xp-"]) + "-".join(s("123456789", 11) for _ in range(3)) + "-" + s(HEX, 32)),
        "slack-hook": (1, ["SLACK_WEBHOOK_URL", "alertHook"], lambda: j(["https://hooks.", "slack.com/services/"]) + "T" + s(UPP, 10) + "/B" + s(UPP, 10) + "/" + s(AN, 24)),
        "stripe": (1, ["STRIPE_SECRET_KEY", "stripe.key"], lambda: j(["sk_", m.one("live", "test"), "_51"]) + s(AN, 97)), "stripe-hook": (1, ["STRIPE_WEBHOOK_SECRET"], lambda: j(["wh", "sec_"]) + s(AN, 32)),
        "google-api": (1, ["GOOGLE_MAPS_API_KEY", "firebaseApiKey"], lambda: j(["AI", "zaSy"]) + s(URL, 33)), "google-client": (1, ["GOOGLE_CLIENT_SECRET"], lambda: j(["GOC", "SPX-"]) + s(URL, 28)),
        "google-access": (1, ["accessToken"], lambda: j(["ya2", "9.a0"]) + s(URL, 160)), "npm": (1, ["NPM_TOKEN", "//registry.npmjs.org/:_authToken"], lambda: m.crc(j(["np", "m_"]))),
        "pypi": (1, ["TWINE_PASSWORD", "PYPI_TOKEN"], lambda: j(["py", "pi-AgEIcHlwaS5vcmc"]) + s(URL, 140)), "docker-hub": (1, ["DOCKERHUB_TOKEN"], lambda: j(["dckr", "_pat_"]) + s(URL, 27)),
        "twilio": (1, ["TWILIO_API_KEY_SID"], lambda: j(["S", "K"]) + s(HEX, 32)), "sendgrid": (1, ["SENDGRID_API_KEY"], lambda: j(["S", "G."]) + s(URL, 22) + "." + s(URL, 43)),
        "openai": (1, ["OPENAI_API_KEY"], lambda: j(["sk-", "proj-"]) + s(URL, 74) + "T3Blbk" + "FJ" + s(URL, 74)), "anthropic": (1, ["ANTHROPIC_API_KEY"], lambda: j(["sk-", "ant-api03-"]) + s(URL, 93) + "AA"),
        "huggingface": (1, ["HF_TOKEN"], lambda: j(["h", "f_"]) + s(LET, 34)), "databricks": (1, ["DATABRICKS_TOKEN"], lambda: j(["da", "pi"]) + s(HEX, 32)),
        "vault": (1, ["VAULT_TOKEN"], lambda: j(["hv", "s.CAES"]) + s(URL, 90)), "terraform-cloud": (1, ["TFE_TOKEN"], lambda: s(AN, 14) + j([".atlas", "v1."]) + s(AN, 67)),
        "digitalocean": (1, ["DIGITALOCEAN_ACCESS_TOKEN"], lambda: j(["dop", "_v1_"]) + s(HEX, 64)), "new-relic-user": (1, ["NEW_RELIC_API_KEY"], lambda: j(["NR", "AK-"]) + s(UPP, 27)),
        "atlassian": (1, ["JIRA_API_TOKEN"], lambda: j(["ATA", "TT3xFfGF0"]) + s(URL, 170) + "=" + s("0123456789ABCDEF", 8)), "supabase": (1, ["SUPABASE_ACCESS_TOKEN"], lambda: j(["sb", "p_"]) + s(HEX, 40)),
        "shopify": (1, ["SHOPIFY_ADMIN_TOKEN"], lambda: j(["shp", "at_"]) + s(HEX, 32)), "mailgun": (1, ["MAILGUN_KEY"], lambda: j(["ke", "y-"]) + s(HEX, 32)),
        "grafana": (1, ["GRAFANA_SA_TOKEN"], lambda: j(["gl", "sa_"]) + s(AN, 32) + "_" + s(HEX, 8)), "azure-client": (1, ["AZURE_CLIENT_SECRET"], lambda: s(AN, 3) + s(DIG, 1) + "Q~" + s(URL + ".~", 34)),
        "telegram": (1, ["TELEGRAM_BOT_TOKEN"], lambda: s("123456789", 10) + ":AA" + s(URL, 33)), "discord-hook": (1, ["DISCORD_WEBHOOK"], lambda: j(["https://discord", ".com/api/webhooks/"]) + s("123456789", 19) + "/" + s(URL, 68)),
        "jwt": (1, ["ID_TOKEN", "SERVICE_JWT", "Authorization"], m.jwt), "aws-session": (1, ["AWS_SESSION_TOKEN"], lambda: j(["IQoJb3Jp", "Z2luX2VjE"]) + s(B64, 300) + "=="),
        "rsa": (1, ["PRIVATE_KEY", "privateKey", "tls.key"], lambda: m.pem("RSA ")), "pkcs8": (1, ["SIGNING_KEY_PEM", "private_key"], lambda: m.pem("")), "ec": (1, ["APPLE_KEY"], lambda: m.pem("EC ")), "openssh": (1, ["DEPLOY_KEY"], lambda: m.pem("OPENSSH ")),
        "bcrypt": (1, ["password_hash", "ADMIN_HASH"], lambda: j(["$2", m.one("a", "b", "y"), "$1", s("012", 1), "$"]) + s(AN + "./", 53)), "sha512crypt": (1, ["shadow"], lambda: j(["$6", "$"]) + s(AN + "./", 16) + "$" + s(AN + "./", 86)),
        "linear": (1, ["LINEAR_API_KEY"], lambda: j(["lin", "_api_"]) + s(AN, 40)), "postman": (1, ["POSTMAN_API_KEY"], lambda: j(["PM", "AK-"]) + s(HEX, 24) + "-" + s(HEX, 34)),
        # Told by their names alone.
        "aws-secret": (0, ["AWS_SECRET_ACCESS_KEY", "aws_secret_access_key", "secretAccessKey", "AwsSecretKey", "s3.secret-key"], lambda: s(B64, 40)),
        "db-password": (0, ["DB_PASSWORD", "database.password", "dbPassword", "POSTGRES_PASSWORD", "MYSQL_PWD", "RDS_MASTER_PASSWORD", "spring.datasource.password"], pw),
        "password": (0, ["password", "Password", "passwd", "user_password", "loginPassword", "ADMIN_PASS"], pw), "redis-password": (0, ["REDIS_PASSWORD", "redis.auth", "REDIS_AUTH"], lambda: s(AN, 32)),
        "smtp-password": (0, ["SMTP_PASSWORD", "EMAIL_HOST_PASSWORD", "mail.smtp.pass"], pw), "ldap-bind": (0, ["LDAP_BIND_PASSWORD", "bindCredentials", "ldap.bind.pw"], pw),
        "client-secret": (0, ["CLIENT_SECRET", "clientSecret", "oauth2.client-secret", "OIDC_CLIENT_SECRET"], lambda: s(URL, 40)), "api-key": (0, ["API_KEY", "apiKey", "x-api-key", "api_key", "ApiKey"], lambda: s(AN, 32, 40)),
        "api-secret": (0, ["API_SECRET", "apiSecret", "consumer_secret"], lambda: s(AN, 48)), "datadog": (0, ["DD_API_KEY", "DATADOG_API_KEY"], lambda: s(HEX, 32)), "okta": (0, ["OKTA_API_TOKEN"], lambda: "00" + s(URL, 40)),
        "auth0": (0, ["AUTH0_CLIENT_SECRET", "AUTH0_MGMT_SECRET"], lambda: s(URL, 64)), "cloudflare": (0, ["CLOUDFLARE_API_TOKEN", "CF_API_TOKEN"], lambda: s(URL, 40)), "heroku": (0, ["HEROKU_API_KEY"], m.uuid),
        "access-token": (0, ["ACCESS_TOKEN", "access_token", "accessToken", "authToken", "bearer_token"], lambda: s(URL, 40, 60)), "refresh-token": (0, ["REFRESH_TOKEN", "refresh_token"], lambda: s(URL, 64)),
        "encryption-key": (0, ["ENCRYPTION_KEY", "encryptionKey", "APP_KEY", "MASTER_KEY", "aes_key"], lambda: m.one(m.b64(32), s(HEX, 64))), "session-secret": (0, ["SESSION_SECRET", "cookieSecret", "SECRET_KEY_BASE", "SECRET_KEY"], lambda: s(HEX, 64, 128)),
        "jwt-secret": (0, ["JWT_SECRET", "jwt.secret", "jwtSigningKey"], lambda: m.one(s(AN, 43), m.b64(32))), "django": (0, ["DJANGO_SECRET_KEY"], lambda: "".join(m.r.choice(LOW + "!@#%^*(-_=+)") for _ in range(50))),
        "webhook-secret": (0, ["WEBHOOK_SECRET", "github_webhook_secret"], lambda: s(HEX, 40)), "hmac": (0, ["HMAC_KEY", "hmacSecret"], lambda: s(HEX, 64)), "passphrase": (0, ["KEY_PASSPHRASE", "passphrase", "keystorePassword", "ssl.keystore.password"], pw),
        "twilio-auth": (0, ["TWILIO_AUTH_TOKEN", "twilio.authToken"], lambda: s(HEX, 32)), "new-relic-license": (0, ["NEW_RELIC_LICENSE_KEY"], lambda: s(HEX, 36) + "NRAL"), "snowflake": (0, ["SNOWFLAKE_PASSWORD"], pw),
        "azure-storage": (0, ["AZURE_STORAGE_KEY", "storageAccountKey"], lambda: m.b64(64)), "sas": (0, ["SharedAccessKey"], lambda: m.b64(32)), "pagerduty": (0, ["PAGERDUTY_TOKEN"], lambda: "u+" + s(AN, 18)),
        "algolia": (0, ["ALGOLIA_ADMIN_KEY"], lambda: s(HEX, 32)), "sonar": (0, ["SONAR_TOKEN"], lambda: s(HEX, 40)), "wifi": (0, ["WPA_PSK", "wifiPassphrase"], pw), "ftp": (0, ["FTP_PASS"], pw), "grafana-admin": (0, ["GF_SECURITY_ADMIN_PASSWORD"], pw),
    }


def ident(name):
    return "".join(c if c.isalnum() else "_" for c in name).strip("_")


def camel(name):
    parts = [p for p in ident(name).split("_") if p]
    return parts[0].lower() + "".join(p.capitalize() for p in parts[1:]) if len(parts) > 1 else parts[0][0].lower() + parts[0][1:]


SETTINGS = [("AWS_REGION", "us-east-1"), ("LOG_LEVEL", "info"), ("PORT", "8080"), ("DB_HOST", "orders.cluster-c1x2y3z4abcd.us-east-1.rds.amazonaws.com"), ("DB_USER", "orders_app"),
            ("BUCKET", "acme-prod-assets"), ("FEATURE_FLAGS", "checkout-v2,search-beta"), ("TIMEOUT_MS", "2500"), ("QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/111122223333/orders"), ("ENABLE_TLS", "true")]


def files(m):
    """Ways to hold a named value in a file: name, whether it takes several lines, maker of (name, value) -> text."""
    j = json.dumps
    few = lambda n=3: m.r.sample(SETTINGS, n)
    around = lambda line: "\n".join([line(k, v) for k, v in few(2)] + ["{}"] + [line(k, v) for k, v in few(2)])
    wrap = lambda line: lambda k, v: around(line).replace("{}", line(k, v), 1) + "\n"
    q = lambda v: v.replace("\\", "\\\\").replace('"', '\\"')
    indent = lambda v, n: v.replace("\n", "\n" + " " * n)
    b = lambda v: base64.b64encode(v.encode()).decode()
    one, two = [], []
    add = lambda name, multi, make: (two if multi else one).append((name, make))
    add("dotenv", 0, lambda k, v: "\n".join([f"{a}={x}" for a, x in few()] + [f"{ident(k).upper()}={v}", "# end", ""]))
    add("dotenv quoted", 1, lambda k, v: "\n".join([f"{a}={x}" for a, x in few()] + [f"{ident(k).upper()}=\"{v}\"", "NODE_ENV=production", ""]))
    add("shell", 0, lambda k, v: "#!/bin/bash\nset -e\n" + f"export {ident(k).upper()}='{v}'\nexec ./run --port 80\n")
    add("json", 1, lambda k, v: j({"service": "orders", "config": {a.lower(): x for a, x in few()} | {k: v}}, indent=2))
    add("json flat", 1, lambda k, v: j({k: v, "retries": 3, "region": "eu-west-1"}))
    add("yaml", 0, lambda k, v: "service: orders\nconfig:\n" + "".join(f"  {a.lower()}: {x}\n" for a, x in few()) + f"  {k}: {v}\n" if v[0] not in "!&*@%#?|>{[`'\"-" and ": " not in v and " #" not in v else f"config:\n  {k}: '{v}'\n")
    add("yaml quoted", 0, lambda k, v: f"app:\n  name: orders\n  {camel(k)}: \"{q(v)}\"\n  replicas: 3\n")
    add("yaml block", 1, lambda k, v: f"data:\n  {k}: |\n    {indent(v, 4)}\n  other: x\n" if "\n" in v else f"data:\n  {k}: >-\n    {v}\n  other: x\n")
    add("properties", 0, wrap(lambda k, v: f"{k.replace('_', '.').lower()}={v}"))
    add("ini", 0, lambda k, v: f"[server]\nhost = 10.0.1.7\n{k.lower()} = {v}\nworkers = 4\n")
    add("toml", 0, lambda k, v: f"[database]\nserver = \"10.0.0.5\"\n{ident(k).lower()} = \"{q(v)}\"\nports = [ 8001, 8002 ]\n")
    add("xml element", 1, lambda k, v: f"<?xml version=\"1.0\"?>\n<config>\n  <host>10.1.2.3</host>\n  <{camel(k)}>{escape(v)}</{camel(k)}>\n  <retries>3</retries>\n</config>\n")
    add("xml attribute", 0, lambda k, v: f"<configuration><connection host=\"db\" user=\"app\" {camel(k)}=\"{escape(v, {chr(34): '&quot;'})}\" pool=\"10\"/></configuration>")
    add("web.config", 0, lambda k, v: f"<configuration>\n <appSettings>\n  <add key=\"Region\" value=\"us-east-1\" />\n  <add key=\"{k}\" value=\"{escape(v, {chr(34): '&quot;'})}\" />\n </appSettings>\n</configuration>")
    add("spring xml", 0, lambda k, v: f"<bean id=\"ds\" class=\"org.apache.BasicDataSource\">\n  <property name=\"username\" value=\"app\"/>\n  <property name=\"{camel(k)}\" value=\"{escape(v, {chr(34): '&quot;'})}\"/>\n</bean>")
    add("hadoop xml", 0, lambda k, v: f"<configuration><property><name>fs.s3a.endpoint</name><value>s3.amazonaws.com</value></property><property><name>fs.{k.lower()}</name><value>{escape(v)}</value></property></configuration>")
    add("plist", 0, lambda k, v: f"<plist><dict><key>Host</key><string>db</string><key>{k}</key><string>{escape(v)}</string></dict></plist>")
    add("tfvars", 0, lambda k, v: f"region      = \"us-east-1\"\n{ident(k).lower()} = \"{q(v)}\"\ninstance_count = 3\n")
    add("terraform", 0, lambda k, v: f"resource \"aws_db_instance\" \"main\" {{\n  engine   = \"postgres\"\n  username = \"root\"\n  {ident(k).lower()} = \"{q(v)}\"\n  skip_final_snapshot = true\n}}\n")
    add("tfstate", 1, lambda k, v: j({"version": 4, "terraform_version": "1.9.5", "lineage": m.uuid(), "outputs": {ident(k).lower(): {"value": v, "type": "string", "sensitive": True}}, "resources": [{"mode": "managed", "type": "aws_db_instance", "name": "main", "instances": [{"attributes": {"address": "x.rds.amazonaws.com", "engine": "postgres", "id": "db-" + m.s(UPP, 26)}}]}]}, indent=2))
    add("tfstate attribute", 1, lambda k, v: j({"version": 4, "resources": [{"type": "random_password", "name": "db", "instances": [{"schema_version": 3, "attributes": {"id": "none", "length": len(v), ident(k).lower(): v, "special": True}}]}]}, indent=2))
    add("python", 0, lambda k, v: f"import boto3\n\nREGION = \"us-east-1\"\n{ident(k).upper()} = \"{q(v)}\"\n\ndef main():\n    return connect(REGION)\n")
    add("python dict", 0, lambda k, v: f"DATABASES = {{'default': {{'ENGINE': 'django.db.backends.postgresql', 'USER': 'app', '{k}': '{q(v)}', 'HOST': 'db'}}}}\n" if "'" not in v else f"x = {{'{k}': \"{q(v)}\"}}")
    add("python call", 0, lambda k, v: f"client = Client(host='db', {ident(k).lower()}='{q(v)}', timeout=30)\n" if "'" not in v else f"Client({ident(k).lower()}=\"{q(v)}\")\n")
    add("python getenv default", 0, lambda k, v: f"value = os.environ.get(\"{ident(k).upper()}\", \"{q(v)}\")\n")
    add("js", 0, lambda k, v: f"const config = {{\n  host: 'db.internal',\n  {camel(k)}: '{q(v)}',\n  pool: {{ max: 10 }},\n}};\nmodule.exports = config;\n" if "'" not in v else f"const {camel(k)} = \"{q(v)}\";\n")
    add("js const", 0, lambda k, v: f"import express from 'express';\nconst {camel(k)} = \"{q(v)}\";\napp.listen(3000);\n")
    add("js template", 0, lambda k, v: f"const {camel(k)} = `{v}`;\n" if "`" not in v else f"const {camel(k)} = \"{q(v)}\";\n")
    add("js fallback", 0, lambda k, v: f"const key = process.env.{ident(k).upper()} || '{q(v)}';\n" if "'" not in v else f"const key = process.env.{ident(k).upper()} || \"{q(v)}\";\n")
    add("go", 0, lambda k, v: f"package main\n\nconst (\n\tregion = \"us-east-1\"\n\t{camel(k)} = \"{q(v)}\"\n)\n")
    add("go struct", 0, lambda k, v: f"cfg := &Config{{\n\tHost: \"db\",\n\t{ident(k)}: \"{q(v)}\",\n}}\n")
    add("java", 0, lambda k, v: f"public class Config {{\n    private static final String {ident(k).upper()} = \"{q(v)}\";\n    private int port = 8080;\n}}\n")
    add("java setter", 0, lambda k, v: f"dataSource.setUsername(\"app\");\ndataSource.set{camel(k)[0].upper() + camel(k)[1:]}(\"{q(v)}\");\n")
    add("ruby", 0, lambda k, v: f"config = {{\n  :host => 'db',\n  :{ident(k).lower()} => '{q(v)}',\n}}\n" if "'" not in v else f":{ident(k).lower()} => \"{q(v)}\"\n")
    add("php", 0, lambda k, v: f"<?php\ndefine('{ident(k).upper()}', '{q(v)}');\n$table = 'wp_';\n" if "'" not in v else f"<?php\n$config['{k}'] = \"{q(v)}\";\n")
    add("c#", 0, lambda k, v: f"var client = new Client {{ Host = \"db\", {camel(k)[0].upper() + camel(k)[1:]} = \"{q(v)}\" }};\n")
    add("rust", 0, lambda k, v: f"const {ident(k).upper()}: &str = \"{q(v)}\";\nfn main() {{}}\n")
    add("kotlin", 0, lambda k, v: f"val {camel(k)}: String = \"{q(v)}\"\n")
    add("dockerfile", 0, lambda k, v: f"FROM python:3.12-slim\nENV {ident(k).upper()}={v}\nRUN pip install -r requirements.txt\n")
    add("dockerfile old", 0, lambda k, v: f"FROM alpine\nENV {ident(k).upper()} {v}\nCMD [\"run\"]\n")
    add("dockerfile arg", 0, lambda k, v: f"FROM node:20\nARG {ident(k).upper()}=\"{q(v)}\"\nCOPY . .\n")
    add("compose", 0, lambda k, v: f"services:\n  db:\n    image: postgres:16\n    environment:\n      - POSTGRES_USER=app\n      - {ident(k).upper()}={v}\n    ports: [\"5432:5432\"]\n")
    add("compose map", 0, lambda k, v: f"services:\n  app:\n    environment:\n      {ident(k).upper()}: \"{q(v)}\"\n      REGION: us-east-1\n")
    add("k8s secret", 1, lambda k, v: f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\ntype: Opaque\ndata:\n  {k.replace('_', '-').lower()}: {b(v)}\n")
    add("k8s stringData", 0, lambda k, v: f"apiVersion: v1\nkind: Secret\nstringData:\n  {k}: \"{q(v)}\"\n")
    add("k8s env", 0, lambda k, v: f"    env:\n    - name: REGION\n      value: us-east-1\n    - name: {ident(k).upper()}\n      value: \"{q(v)}\"\n    - name: MODE\n      value: prod\n")
    add("k8s json", 1, lambda k, v: j({"apiVersion": "v1", "kind": "Secret", "data": {k: b(v)}, "metadata": {"name": "app", "uid": m.uuid()}}))
    add("cfn", 0, lambda k, v: j({"Resources": {"Db": {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "postgres", ident(k): v, "AllocatedStorage": "20"}}}}))
    add("cfn yaml", 0, lambda k, v: f"Parameters:\n  {camel(k)}:\n    Type: String\n    Default: \"{q(v)}\"\nResources:\n  Topic:\n    Type: AWS::SNS::Topic\n")
    add("ecs", 1, lambda k, v: j({"containerDefinitions": [{"name": "web", "image": "nginx", "environment": [{"name": "MODE", "value": "prod"}, {"name": ident(k).upper(), "value": v}]}]}))
    add("value first", 0, lambda k, v: j({"environment": [{"value": v, "name": ident(k).upper()}]}))
    add("systemd", 0, lambda k, v: f"[Service]\nEnvironment=\"{ident(k).upper()}={v}\"\nExecStart=/usr/bin/app\n")
    add("csv", 0, lambda k, v: f"host,user,{k},port\ndb1,app,{v},5432\n" if "," not in v else f"name;value\n{k};{v}\n")
    add("csv pairs", 0, lambda k, v: f"key,value\nregion,us-east-1\n{k},{v}\n" if "," not in v and '"' not in v else f"{k}: {v}\n")
    add("markdown table", 0, lambda k, v: f"| setting | value |\n|---|---|\n| region | us-east-1 |\n| {k} | {v} |\n" if "|" not in v else f"{k}: {v}\n")
    add("markdown", 0, lambda k, v: f"## Access\n\n- host: `db.internal`\n- {k}: `{v}`\n\nAsk Jane.\n")
    add("prose", 0, lambda k, v: f"Hi all,\nthe new {k} is {v}\nPlease rotate it next week.\n")
    add("logfmt", 0, lambda k, v: f"ts=2025-03-01T10:00:00Z level=info msg=\"starting\" {ident(k).lower()}=\"{q(v)}\" pid=17\n")
    add("log", 0, lambda k, v: f"2025-03-01 10:00:00,123 DEBUG [main] c.a.Config - loaded {camel(k)}={v}, region=us-east-1\n" if "," not in v else f"DEBUG {camel(k)}={v}\n")
    add("json log", 1, lambda k, v: j({"@timestamp": "2025-03-01T10:00:00Z", "level": "DEBUG", "message": "config loaded " + j({k: v}), "trace_id": m.s(HEX, 32)}))
    add("json in json in json", 1, lambda k, v: j({"Message": j({"detail": j({"env": {k: v}})})}))
    add("repr", 0, lambda k, v: f"DEBUG settings: {{'region': 'us-east-1', '{k}': {v!r}, 'n': 3}}\n")
    add("java toString", 0, lambda k, v: f"INFO Config(host=db, user=app, {camel(k)}={v}, port=5432)\n" if not set(",)") & set(v) else f"{k}={v}\n")
    add("cli", 0, lambda k, v: f"+ deploy --region us-east-1 --{ident(k).lower().replace('_', '-')} '{v}' --wait\n" if "'" not in v else f"+ deploy --{ident(k).lower().replace('_', '-')}=\"{q(v)}\"\n")
    add("cli equals", 0, lambda k, v: f"java -Xmx1g -D{k}={v} -jar app.jar\n")
    add("history", 0, lambda k, v: f"ls -la\nexport {ident(k).upper()}={v}\nterraform apply\n")
    add("powershell", 0, lambda k, v: f"$env:{ident(k).upper()} = \"{v}\"\nGet-ChildItem\n")
    add("windows", 0, lambda k, v: f"@echo off\r\nset {ident(k).upper()}={v}\r\ncall run.bat\r\n")
    add("query", 0, lambda k, v: f"GET /v1/items?region=us&{camel(k)}={v} HTTP/1.1\" 200 512\n" if set(v) <= set(URL + ".") else f"{k}={v}\n")
    add("header", 0, lambda k, v: f"> POST /v1 HTTP/1.1\n> Host: api.acme.io\n> X-{ident(k).replace('_', '-').title()}: {v}\n> Accept: */*\n")
    add("sql", 0, lambda k, v: f"INSERT INTO settings (name, value) VALUES ('{k}', '{v}');\n" if "'" not in v else f"-- {k}={v}\n")
    add("sql update", 0, lambda k, v: f"UPDATE users SET {ident(k).lower()} = '{v}' WHERE id = 7;\n" if "'" not in v else f"SET {ident(k).lower()} = \"{q(v)}\";\n")
    add("ansible", 0, lambda k, v: f"all:\n  hosts:\n    web1:\n      ansible_host: 10.0.0.4\n      {ident(k).lower()}: \"{q(v)}\"\n")
    add("notebook", 1, lambda k, v: j({"cells": [{"cell_type": "code", "source": ["import os\n", f"os.environ[\"{ident(k).upper()}\"] = \"{q(v)}\"\n" if chr(10) not in v else v]}]}))
    add("postman", 0, lambda k, v: j({"values": [{"key": k, "value": v, "enabled": True, "type": "secret"}]}))
    add("har", 0, lambda k, v: j({"request": {"headers": [{"name": "Accept", "value": "*/*"}, {"name": k, "value": v}]}}))
    return one, two


def special(m):
    """Files with a grammar of their own: (kind, text, secrets)."""
    s, j = m.s, "".join
    pw, b = m.password, lambda v: base64.b64encode(v.encode()).decode()
    plain = lambda: s(AN, 14, 24)
    key_id = lambda: j(["AK", "IA"]) + s(UPP, 16)

    def make(kind, build):
        return kind, build

    def netrc():
        v = plain()
        return f"machine api.heroku.com\n  login jane\n  password {v}\nmachine git.acme.io login bot password x-oauth\n", [v]

    def pgpass():
        v = plain()
        return f"db.internal:5432:orders:app:{v}\n", [v]

    def mycnf():
        v = pw()
        return f"[client]\nuser=root\npassword=\"{v}\"\nhost=localhost\n", [v]

    def npmrc():
        v, w = m.uuid(), b("jane:" + plain())
        return f"registry=https://npm.acme.io/\n//npm.acme.io/:_authToken={v}\n//old.acme.io/:_auth={w}\n", [v, w]

    def docker():
        v = b("ci:" + plain())
        return json.dumps({"auths": {"https://index.docker.io/v1/": {"auth": v}}, "credsStore": "desktop"}, indent=1), [v]

    def kube():
        k, t = b(m.pem("RSA ")), s(URL, 60)
        cert = b("-----BEGIN CERTIFICATE-----\n" + m.b64(600) + "\n-----END CERTIFICATE-----\n")
        return (f"apiVersion: v1\nkind: Config\nclusters:\n- cluster:\n    certificate-authority-data: {cert}\n    server: https://{s(HEX, 32).upper()}.gr7.us-east-1.eks.amazonaws.com\n  name: prod\n"
                f"users:\n- name: admin\n  user:\n    client-certificate-data: {cert}\n    client-key-data: {k}\n- name: bot\n  user:\n    token: {t}\n"), [k, t]

    def credentials():
        v, t = s(B64, 40), j(["IQoJb3Jp", "Z2luX2VjE"]) + s(B64, 260)
        return f"[default]\naws_access_key_id = {key_id()}\naws_secret_access_key = {v}\naws_session_token = {t}\n[dev]\nregion = eu-west-1\n", [v, t]

    def access_csv():
        v = s(B64, 40)
        return m.one(f"Access key ID,Secret access key\n{key_id()},{v}\n", f"User name,Password,Access key ID,Secret access key,Console login link\nci,,{key_id()},{v},https://111122223333.signin.aws.amazon.com/console\n"), [v]

    def service_account():
        v = m.pem("")
        return json.dumps({"type": "service_account", "project_id": "acme", "private_key_id": s(HEX, 40), "private_key": v + "\n", "client_email": "ci@acme.iam.gserviceaccount.com", "client_id": s(DIG, 21)}, indent=2), [v]

    def dsn():
        v = s(URL, 12, 24)
        scheme = m.one("postgres", "postgresql+asyncpg", "mysql", "mongodb+srv", "amqps", "redis", "jdbc:postgresql", "https", "ftp", "smtp", "ldap", "clickhouse")
        url = f"{scheme}://{m.one('app', 'admin', 'svc-orders', '')}:{v}@{m.one('db.internal:5432', '10.2.3.4', 'cluster0.ab1cd.mongodb.net')}/main"
        if url.count("//:") and not scheme.startswith("redis"):
            url = url.replace("//:", "//root:")
        return m.one(f"DATABASE_URL={url}\n", f'{{"dsn": "{url}", "pool": 5}}', f"could not connect to {url}: timeout", f"url: {url}\n", f"clone {url} failed"), [v]

    def odbc():
        v = plain()
        return m.one(f"Server=db.internal;Database=orders;User Id=app;Password={v};Encrypt=true;", f"host=db.internal user=app password={v} dbname=orders sslmode=require",
                     f"Driver={{ODBC Driver 18}};Server=tcp:x.database.windows.net,1433;Uid=app;Pwd={v};", f"jdbc:sqlserver://db:1433;user=sa;password={v};database=x", f"jdbc:mysql://db/x?user=app&password={v}"), [v]

    def storage():
        v = m.b64(64)
        return m.one("", "AZURE_STORAGE_CONNECTION_STRING=") + f"DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={v};EndpointSuffix=core.windows.net", [v]

    def curl():
        v = s(AN, 16, 40)
        return m.one(f"curl -s -u admin:{v} https://api.acme.io/v1", f"curl --user 'admin:{v}' https://api.acme.io", f"curl -H 'X-Api-Key: {v}' https://api.acme.io",
                     f'curl -H "Authorization: Bearer {v}" https://api.acme.io', f"wget --http-password={v} https://x", f"curl -d 'client_secret={v}&grant_type=client_credentials' https://idp/token"), [v]

    def basic():
        v = b(f"svc:{plain()}")
        return m.one(f"Authorization: Basic {v}", f'{{"headers": {{"Authorization": "Basic {v}"}}}}', f"GET / HTTP/1.1\r\nProxy-Authorization: Basic {v}\r\n"), [v]

    def bearer():
        v = s(URL, 32, 64)
        return m.one(f"Authorization: Bearer {v}", f'{{"headers": {{"authorization": "Bearer {v}"}}}}', f"req headers=[authorization: Bearer {v}, accept: */*]", f"\"Authorization\" => \"Bearer {v}\""), [v]

    def cookie():
        v = s(URL, 32, 64)
        return m.one(f"Set-Cookie: sessionid={v}; Path=/; HttpOnly; Secure", f"Cookie: _ga=GA1.2.1; session={v}", f"cookie: connect.sid=s%3A{v}"), [v]

    def presigned():
        v = s(HEX, 64)
        return f"https://acme.s3.us-east-1.amazonaws.com/r.csv?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={key_id()}%2F20250301%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20250301T000000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature={v}", [v]

    def sas():
        v = s(AN, 43) + "%3D"
        return f"https://acme.blob.core.windows.net/c/b?sv=2023-11-03&ss=b&srt=o&sp=r&se=2026-01-01T00:00:00Z&sig={v}", [v]

    def cloud_init():
        v, w = pw(), s(AN, 20)
        return f"#cloud-config\nusers:\n  - name: deploy\n    plain_text_passwd: '{v}'\nruncmd:\n  - [sh, -c, 'echo {w} | docker login -u ci --password-stdin']\n" if "'" not in v else f"#!/bin/bash\nexport DB_PASSWORD=\"{w}\"\n", [w] if "'" in v else [v, w]

    def user_data():
        v, w = plain(), s(B64, 40)
        return f"#!/bin/bash -xe\nyum install -y docker\nexport AWS_ACCESS_KEY_ID={key_id()} AWS_SECRET_ACCESS_KEY={w}\ndocker run -e DB_PASSWORD={v} -e MODE=prod acme/app\nmysql -h db -u root -p{v} < init.sql\n", [v, w]

    def sql_user():
        v = plain()
        return m.one(f"CREATE USER app WITH PASSWORD '{v}';", f"ALTER USER 'root'@'%' IDENTIFIED BY '{v}';", f"CREATE ROLE app LOGIN PASSWORD '{v}' VALID UNTIL 'infinity';", f"GRANT ALL ON x.* TO 'a'@'%' IDENTIFIED BY '{v}'"), [v]

    def shadow():
        v = j(["$6", "$"]) + s(AN + "./", 12) + "$" + s(AN + "./", 86)
        return f"root:{v}:19700:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n", [v]

    def htpasswd():
        v = m.one(j(["$apr1", "$"]) + s(AN + "./", 8) + "$" + s(AN + "./", 22), j(["$2y", "$05$"]) + s(AN + "./", 53), "{SHA}" + m.b64(20))
        return f"jane:{v}\n", [v]

    def jwk():
        d = s(URL, 43)
        return json.dumps({"keys": [{"kty": "EC", "crv": "P-256", "kid": s(URL, 10), "x": s(URL, 43), "y": s(URL, 43), "d": d}]}), [d]

    def kinit():
        v = plain()
        return m.one(f"PGPASSWORD={v} psql -h db -U app orders", f"sshpass -p '{v}' ssh root@10.0.0.4", f"redis-cli -h cache -a {v} ping", f"mongosh --username app --password {v} db", f"docker login -u ci -p {v} registry.acme.io",
                     f"openssl enc -aes-256-cbc -in a -out b -pass pass:{v}", f"helm upgrade app . --set db.password={v},image.tag=1.2", f"aws rds create-db-instance --master-user-password {v} --engine postgres", f"az login --service-principal -u x -p {v} --tenant y",
                     f"keytool -storepass {v} -alias x -list", f"net use Z: \\\\srv\\share /user:acme\\jane {v}", f"snowsql -a x -u jane --password={v}", f"vault login {j(['hv', 's.'])}{v}{v}"), [v]

    def ovpn():
        v = m.pem("")
        return f"client\nremote vpn.acme.io 1194\n<key>\n{v}\n</key>\n", [v]

    def wg():
        v = m.b64(32)
        return f"[Interface]\nPrivateKey = {v}\nAddress = 10.0.0.2/32\n\n[Peer]\nPublicKey = {m.b64(32)}\nEndpoint = 1.2.3.4:51820\n", [v]

    def github_url():
        v = m.crc(j(["gh", "p_"]))
        return m.one(f"[remote \"origin\"]\n\turl = https://{v}@github.com/acme/app.git\n", f"https://x-access-token:{v}@github.com/acme/app\n"), [v]

    def stack():
        v = plain()
        return f"Traceback (most recent call last):\n  File \"app.py\", line 7, in connect\n    raise OperationalError('FATAL: password authentication failed for user \"app\" (password={v})')\n", [v]

    def pip():
        v = plain()
        return f"[global]\nindex-url = https://ci:{v}@pypi.acme.io/simple\n", [v]

    def maven():
        v = pw()
        return f"<settings><servers><server><id>acme</id><username>ci</username><password>{escape(v)}</password></server></servers></settings>", [v]

    def gradle():
        v = plain()
        return f"org.gradle.jvmargs=-Xmx2g\nnexusUser=ci\nnexusPassword={v}\nsigning.keyId=24875D73\nsigning.password={v}\n", [v]

    def rails():
        v = s(HEX, 32)
        return f"{v}\n", []

    def filezilla():
        v = b(plain())
        return f"<FileZilla3><Servers><Server><Host>ftp.acme.io</Host><User>jane</User><Pass encoding=\"base64\">{v}</Pass></Server></Servers></FileZilla3>", [v]

    def rds_event():
        v = plain()
        return json.dumps({"eventName": "CreateDBInstance", "requestParameters": {"dBInstanceIdentifier": "x", "masterUserPassword": v, "engine": "mysql"}}), [v]

    def pgp():
        v = "\n".join([j(["-----BEGIN PGP ", "PRIVATE KEY BLOCK-----"]), "Version: GnuPG v2", "", *textwrap.wrap(m.b64(900), 64), "=" + s(B64, 4), j(["-----END PGP ", "PRIVATE KEY BLOCK-----"])])
        return v, [v]

    def putty():
        lines = textwrap.wrap(m.b64(400), 64)
        return "\n".join([j(["PuTTY-User-", "Key-File-3: ssh-ed25519"]), "Encryption: none", "Comment: k", "Public-Lines: 2", m.b64(48), m.b64(20), f"Private-Lines: {len(lines)}", *lines, "Private-MAC: " + s(HEX, 64), ""]), ["\n".join(["x", *lines, "y"])]

    def url_encoded():
        v = s(AN, 20)
        return m.one(f"body=grant_type%3Dpassword%26username%3Djane%26password%3D{v}%26scope%3Dx", f"POST /login username=jane&password={v}&remember=1", f"redirect=https%3A%2F%2Fjane%3A{v}%40api.acme.io%2F"), [v]

    def utf8():
        v = plain()
        return f"Benutzer: jürgen\nKennwort/Password: {v}\nStraße: Münchner Straße 5\n", [v]

    def personal():
        mail = f"{m.word()}.{s(LOW, 4)}@{m.word()}-{s(string.ascii_lowercase, 4)}.{m.one('com', 'de', 'org', 'co.uk')}"
        ssn = f"{m.r.randrange(100, 665)}-{m.r.randrange(10, 99)}-{m.r.randrange(1000, 9999)}"
        digits = [4] + [m.r.randrange(10) for _ in range(14)]
        total = sum(d if i % 2 else sum(divmod(d * 2, 10)) for i, d in enumerate(digits))
        card = "".join(map(str, digits)) + str(-total % 10)
        value = m.one(mail, ssn, card)
        return m.one(f"id,name,contact\n7,Doe,{value}\n", json.dumps({"customer": {"name": "Doe", "contact": value}}), f"INFO order for {value} placed\n"), [value]

    makers = [netrc, pgpass, mycnf, npmrc, docker, kube, credentials, access_csv, service_account, dsn, dsn, odbc, odbc, storage, curl, curl, basic, bearer, bearer, cookie, presigned, sas, cloud_init, user_data, sql_user, shadow, htpasswd,
              jwk, kinit, kinit, kinit, ovpn, wg, github_url, stack, pip, maven, gradle, filezilla, rds_event, pgp, putty, url_encoded, utf8, personal, personal]
    return [make(maker.__name__, maker) for maker in makers]


# Wire forms.

def cbor(value):
    def head(major, n):
        for limit, code, form in ((24, None, None), (256, 24, ">B"), (65536, 25, ">H"), (1 << 32, 26, ">I")):
            if n < limit:
                return bytes([major << 5 | n]) if code is None else bytes([major << 5 | code]) + struct.pack(form, n)
        return bytes([major << 5 | 27]) + struct.pack(">Q", n)
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        data = value.encode()
        return head(3, len(data)) + data
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())


def message(headers, payload):
    packed = b"".join(bytes([len(k)]) + k.encode() + b"\7" + struct.pack(">H", len(v)) + v.encode() for k, v in headers.items())
    prelude = struct.pack(">II", 16 + len(packed) + len(payload), len(packed))
    body = prelude + struct.pack(">I", zlib.crc32(prelude)) + packed + payload
    return body + struct.pack(">I", zlib.crc32(body))


def carriers(m):
    """Answers that carry a text: operation, content type, whether it is an object, maker."""
    js = lambda v: json.dumps(v, separators=m.one((",", ":"), (", ", ": ")), ensure_ascii=m.one(True, False))
    b = lambda t: base64.b64encode(t.encode()).decode()
    gz = lambda t: gzip.compress(t.encode(), mtime=0)
    arn = lambda kind: f"arn:aws:{kind}:us-east-1:111122223333:{m.s(LOW, 10)}"
    xml = lambda name, inner: f"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{name}Response xmlns=\"http://{m.word()}.amazonaws.com/doc/2010-05-15/\"><{name}Result>{inner}</{name}Result><ResponseMetadata><RequestId>{m.uuid()}</RequestId></ResponseMetadata></{name}Response>"
    object_types = ["text/plain", "binary/octet-stream", "application/octet-stream", "application/json", "application/x-yaml", "text/csv", "", "text/html"]
    pad = lambda t: "".join(f"2025-03-01T10:{i // 60 % 60:02d}:{i % 60:02d}Z INFO [worker-{i % 7}] item {i} done in {i % 90} ms\n" for i in range(m.r.randrange(0, 2500))) + t
    return [
        ("s3.GetObject", m.one(*object_types), 1, lambda t: t.encode()), ("s3.GetObject", m.one(*object_types), 1, lambda t: t.encode()), ("s3.GetObject", m.one(*object_types), 1, lambda t: pad(t).encode()),
        ("s3.GetObject", "application/gzip", 2, gz), ("s3.GetObject", "text/plain", 1, lambda t: b"\xff\xfe" + t.encode("utf-16-le")), ("s3.GetObject", "text/plain", 1, lambda t: t.replace("\n", "\r\n").encode()),
        ("logs.GetLogEvents", "application/x-amz-json-1.1", 0, lambda t: js({"events": [{"timestamp": 1740000000000 + i, "message": x, "ingestionTime": 1740000000999} for i, x in enumerate([f"START RequestId: {m.uuid()} Version: $LATEST", t, f"END RequestId: {m.uuid()}"])], "nextForwardToken": "f/" + m.s(DIG, 56) + "/s", "nextBackwardToken": "b/" + m.s(DIG, 56) + "/s"})),
        ("logs.GetQueryResults", "application/x-amz-json-1.1", 0, lambda t: js({"results": [[{"field": "@timestamp", "value": "2025-03-01 10:00:00.000"}, {"field": "@message", "value": t}, {"field": "@ptr", "value": m.s(B64, 120)}]], "status": "Complete"})),
        ("lambda.Invoke", "application/json", 0, lambda t: js({"statusCode": 200, "headers": {"Content-Type": "text/plain"}, "body": t})),
        ("dynamodb.Query", "application/x-amz-json-1.0", 0, lambda t: js({"Items": [{"pk": {"S": "user#7"}, "sk": {"N": "12"}, "blob": {"S": t}, "raw": {"B": b("ok " + m.word())}}], "Count": 1, "ScannedCount": 1, "LastEvaluatedKey": {"pk": {"S": m.s(B64, 44)}}})),
        ("dynamodb.GetItem", "application/x-amz-json-1.0", 0, lambda t: js({"Item": {"doc": {"B": b(t)}, "v": {"N": "3"}}})),
        ("sqs.ReceiveMessage", "application/x-amz-json-1.0", 0, lambda t: js({"Messages": [{"MessageId": m.uuid(), "ReceiptHandle": m.s(B64, 180) + "==", "MD5OfBody": hashlib.md5(t.encode()).hexdigest(), "Body": t, "Attributes": {"SenderId": "AIDA" + m.s(UPP, 17)}}]})),
        ("kinesis.GetRecords", "application/x-amz-json-1.1", 0, lambda t: js({"Records": [{"Data": b(t), "PartitionKey": "p1", "SequenceNumber": m.s(DIG, 56)}], "NextShardIterator": m.s(B64, 200), "MillisBehindLatest": 0})),
        ("kinesis.GetRecords", "application/cbor", 0, lambda t: cbor({"Records": [{"Data": t.encode(), "PartitionKey": "p1", "SequenceNumber": m.s(DIG, 56)}], "MillisBehindLatest": 0})),
        ("cloudwatch.GetDashboard", "application/cbor", 0, lambda t: cbor({"DashboardArn": arn("cloudwatch"), "DashboardBody": json.dumps({"widgets": [{"type": "text", "properties": {"markdown": t}}]}), "DashboardName": "ops"})),
        ("logs.FilterLogEvents", "application/x-amz-json-1.1", 0, lambda t: js({"events": [{"logStreamName": "i-0" + m.s(HEX, 16), "message": js({"awslogs": {"data": base64.b64encode(gz(js({"messageType": "DATA_MESSAGE", "logEvents": [{"id": m.s(DIG, 56), "message": t}]}))).decode()}}), "eventId": m.s(DIG, 56)}]})),
        ("stepfunctions.GetExecutionHistory", "application/x-amz-json-1.0", 0, lambda t: js({"events": [{"id": 1, "type": "ExecutionStarted", "executionStartedEventDetails": {"input": js({"order": 7, "config": t}), "roleArn": "arn:aws:iam::111122223333:role/sfn"}}]})),
        ("ssm.GetCommandInvocation", "application/x-amz-json-1.1", 0, lambda t: js({"CommandId": m.uuid(), "InstanceId": "i-0" + m.s(HEX, 16), "StandardOutputContent": "+ cat config\n" + t, "StandardErrorContent": "", "ResponseCode": 0})),
        ("ssm.GetDocument", "application/x-amz-json-1.1", 0, lambda t: js({"Name": "run", "Content": js({"schemaVersion": "2.2", "mainSteps": [{"action": "aws:runShellScript", "inputs": {"runCommand": t.split("\n")}}]}), "DocumentType": "Command"}) if "PRIVATE KEY" not in t else js({"Content": t})),
        ("cloudformation.GetTemplate", "text/xml", 0, lambda t: xml("GetTemplate", f"<TemplateBody>{escape(t)}</TemplateBody><StagesAvailable><member>Original</member></StagesAvailable>")),
        ("cloudformation.DescribeStacks", "text/xml", 0, lambda t: xml("DescribeStacks", f"<Stacks><member><StackName>app</StackName><Description>{escape(t)}</Description><StackId>arn:aws:cloudformation:us-east-1:111122223333:stack/app/{m.uuid()}</StackId></member></Stacks>")),
        ("ec2.DescribeInstanceAttribute", "text/xml;charset=UTF-8", 0, lambda t: f"<DescribeInstanceAttributeResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>{m.uuid()}</requestId><instanceId>i-0{m.s(HEX, 16)}</instanceId><userData><value>{b(t)}</value></userData></DescribeInstanceAttributeResponse>"),
        ("ec2.DescribeLaunchTemplateVersions", "text/xml;charset=UTF-8", 0, lambda t: f"<DescribeLaunchTemplateVersionsResponse><launchTemplateVersionSet><item><launchTemplateData><imageId>ami-0{m.s(HEX, 16)}</imageId><userData>{base64.b64encode(gz(t)).decode()}</userData></launchTemplateData></item></launchTemplateVersionSet></DescribeLaunchTemplateVersionsResponse>"),
        ("ec2.GetConsoleOutput", "text/xml;charset=UTF-8", 0, lambda t: f"<GetConsoleOutputResponse><instanceId>i-0{m.s(HEX, 16)}</instanceId><output>{b('[   0.000000] Linux version 6.1' + chr(10) + t)}</output></GetConsoleOutputResponse>"),
        ("ec2.DescribeTags", "text/xml;charset=UTF-8", 0, lambda t: f"<DescribeTagsResponse><tagSet><item><resourceId>i-0{m.s(HEX, 16)}</resourceId><key>notes</key><value>{escape(t)}</value></item></tagSet></DescribeTagsResponse>"),
        ("sns.GetTopicAttributes", "text/xml", 0, lambda t: xml("GetTopicAttributes", f"<Attributes><entry><key>DisplayName</key><value>{escape(t)}</value></entry></Attributes>")),
        ("s3.ListObjectsV2", "application/xml", 0, lambda t: f"<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name><Contents><Key>{escape(t)}</Key><ETag>&quot;{m.s(HEX, 32)}&quot;</ETag><Size>12</Size></Contents></ListBucketResult>"),
        ("route53.GetHostedZone", "text/xml", 0, lambda t: f"<GetHostedZoneResponse><HostedZone><Id>/hostedzone/Z{m.s(UPP, 20)}</Id><Config><Comment><![CDATA[{t}]]></Comment></Config></HostedZone></GetHostedZoneResponse>"),
        ("ecs.DescribeTaskDefinition", "application/x-amz-json-1.1", 0, lambda t: js({"taskDefinition": {"taskDefinitionArn": arn("ecs"), "containerDefinitions": [{"name": "web", "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/app@sha256:" + m.s(HEX, 64), "entryPoint": ["sh", "-c"], "command": [t], "cpu": 0}], "revision": 7}})),
        ("codebuild.BatchGetProjects", "application/x-amz-json-1.1", 0, lambda t: js({"projects": [{"name": "build", "arn": arn("codebuild"), "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2\n" + t}}]})),
        ("codecommit.GetFile", "application/x-amz-json-1.1", 0, lambda t: js({"commitId": m.s(HEX, 40), "blobId": m.s(HEX, 40), "filePath": "conf/app", "fileMode": "NORMAL", "fileSize": len(t), "fileContent": b(t)})),
        ("glue.GetJob", "application/x-amz-json-1.1", 0, lambda t: js({"Job": {"Name": "etl", "Role": "arn:aws:iam::111122223333:role/glue", "DefaultArguments": {"--job-language": "python", "--extra": t}}})),
        ("cloudtrail.LookupEvents", "application/x-amz-json-1.1", 0, lambda t: js({"Events": [{"EventId": m.uuid(), "AccessKeyId": "ASIA" + m.s(UPP, 16), "CloudTrailEvent": js({"eventVersion": "1.08", "requestID": m.uuid(), "requestParameters": {"body": t}})}]})),
        ("events.ListTargetsByRule", "application/x-amz-json-1.1", 0, lambda t: js({"Targets": [{"Id": "1", "Arn": arn("lambda"), "Input": js({"payload": t})}]})),
        ("s3.SelectObjectContent", "application/vnd.amazon.eventstream", 3, lambda t: message({":message-type": "event", ":event-type": "Records", ":content-type": "application/octet-stream"}, t.encode()) + message({":message-type": "event", ":event-type": "End"}, b"")),
        ("bedrock-runtime.InvokeModelWithResponseStream", "application/vnd.amazon.eventstream", 3, lambda t: message({":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}, js({"bytes": b(js({"completion": t}))}).encode())),
        ("dynamodb.PutItem", "application/x-amz-json-1.0", 0, lambda t: js({"__type": "com.amazonaws.dynamodb.v20120810#ValidationException", "message": "One or more parameter values were invalid: " + t})),
        ("iam.CreateUser", "text/xml", 0, lambda t: f"<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>{escape('Value ' + t + ' is not valid')}</Message></Error><RequestId>{m.uuid()}</RequestId></ErrorResponse>"),
    ]


def secret_bodies(seed, count):
    m = Random(seed)
    known = kinds(m)
    one, two = files(m)
    specials = special(m)
    named = list(known)
    for index in range(count):
        ways = carriers(m)
        if index % 3 == 2:
            kind, build = specials[index // 3 % len(specials)]
            text, secrets = build()
            family, shape = "file", kind
        else:
            kind = named[index % len(named)]
            has_look, names, make = known[kind]
            value = make()
            family = "format" if has_look else "keyed"
            name = m.one(*names)
            choice = m.r.randrange(10)
            if has_look and choice < 3 and "\n" not in value:
                text, shape = m.one(f"2025-03-01 WARN retry with {value}\n", f"see {value}.", f"[\"{value}\", 3]", f"({value})", f"key,{value},2025\n", value, f"https://api.acme.io/v1/x?t={value}&a=1", f"<a>{value}</a>"), "bare"
            else:
                shape, layout = m.one(*(two if "\n" in value else one + two))
                text = layout(name, value)
            secrets = [value]
        operation, content_type, form, wire = m.one(*ways)
        if "\n" in (secrets or [""])[0] and operation == "route53.GetHostedZone" and "]]>" in text:
            continue
        body = wire(text)
        yield {"id": f"h{seed}-{index}", "family": family, "type": kind, "shape": shape, "operation": operation, "contentType": content_type, "object": int(form in (1, 2)), "form": form,
               "hex": (body if isinstance(body, bytes) else body.encode()).hex(), "secrets": secrets, "benign": []}


# What must stay.

def values(m):
    """Kinds of benign values: name, maker."""
    s = m.s
    region = lambda: m.one("us-east-1", "eu-central-1", "ap-southeast-2")
    account = lambda: s("123456789", 12)
    crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return {
        "arn-role": lambda: f"arn:aws:iam::{account()}:role/service-role/{m.word()}-{s(LOW, 8)}", "arn-secret": lambda: f"arn:aws:secretsmanager:{region()}:{account()}:secret:{m.word()}/{m.word()}-password-{s(AN, 6)}",
        "arn-ssm": lambda: f"arn:aws:ssm:{region()}:{account()}:parameter/{m.word()}/db_password", "arn-cert": lambda: f"arn:aws:acm:{region()}:{account()}:certificate/{m.uuid()}", "arn-key": lambda: f"arn:aws:kms:{region()}:{account()}:key/mrk-{s(HEX, 32)}",
        "arn-lb": lambda: f"arn:aws:elasticloadbalancing:{region()}:{account()}:loadbalancer/app/{m.word()}/{s(HEX, 16)}", "arn-exec": lambda: f"arn:aws:states:{region()}:{account()}:execution:{m.word()}:{m.uuid()}",
        "instance": lambda: "i-0" + s(HEX, 16), "eni": lambda: "eni-0" + s(HEX, 16), "eipalloc": lambda: "eipalloc-0" + s(HEX, 16), "snapshot": lambda: "snap-0" + s(HEX, 16), "db-resource": lambda: "db-" + s(UPP, 26), "cluster-resource": lambda: "cluster-" + s(UPP, 26),
        "hosted-zone": lambda: "Z" + s(UPP, 20), "distribution": lambda: "E" + s(UPP, 13), "api-id": lambda: s(LOW, 10), "pool": lambda: f"{region()}_{s(AN, 9)}", "identity-pool": lambda: f"{region()}:{m.uuid()}", "client-id": lambda: s(LOW, 26),
        "user-id": lambda: m.one("AIDA", "AROA", "AGPA", "ANPA", "ASCA", "APKA") + s(UPP, 17), "key-id": lambda: m.one("AKIA", "ASIA") + s(UPP, 16), "canonical": lambda: s(HEX, 64), "request-id": m.uuid, "ext-request": lambda: s(B64, 74) + "==", "x-amz-id-2": lambda: s(B64, 55) + "=",
        "etag": lambda: f'"{s(HEX, 32)}"', "etag-parts": lambda: f'"{s(HEX, 32)}-{m.r.randrange(2, 900)}"', "md5": lambda: s(HEX, 32), "sha1": lambda: s(HEX, 40), "sha256": lambda: s(HEX, 64), "sha512": lambda: s(HEX, 128), "code-sha": lambda: m.b64(32), "crc": lambda: m.b64(4), "version-id": lambda: s(AN + "._", 32),
        "image": lambda: f"{account()}.dkr.ecr.{region()}.amazonaws.com/{m.word()}:{s(HEX, 7)}", "digest": lambda: "sha256:" + s(HEX, 64), "integrity": lambda: "sha512-" + base64.b64encode(m.bytes(64)).decode(), "gosum": lambda: "h1:" + m.b64(32), "git": lambda: s(HEX, 40), "git-short": lambda: s(HEX, 8),
        "ulid": lambda: "01" + s(crockford, 24), "ksuid": lambda: "2" + s(AN, 26), "objectid": lambda: s(HEX, 24), "snowflake": lambda: s("123456789", 18), "nanoid": lambda: s(URL, 21), "trace": lambda: f"1-{s(HEX, 8)}-{s(HEX, 24)}", "traceparent": lambda: f"00-{s(HEX, 32)}-{s(HEX, 16)}-01",
        "epoch": lambda: str(m.r.randrange(1_700_000_000, 1_760_000_000)), "epoch-ms": lambda: str(m.r.randrange(1_700_000_000_000, 1_760_000_000_000)), "epoch-ns": lambda: str(m.r.randrange(1_700_000_000_000_000_000, 1_760_000_000_000_000_000)), "iso": lambda: f"2025-0{m.r.randrange(1, 9)}-1{m.r.randrange(9)}T0{m.r.randrange(9)}:{m.r.randrange(10, 59)}:{m.r.randrange(10, 59)}.{s(DIG, 6)}+00:00",
        "size": lambda: str(m.r.randrange(10 ** 9, 10 ** 13)), "ip": lambda: f"10.{m.r.randrange(255)}.{m.r.randrange(255)}.{m.r.randrange(255)}", "ipv6": lambda: f"2001:db8:{s(HEX, 4)}:{s(HEX, 4)}::{s(HEX, 2)}", "mac": lambda: ":".join(s(HEX, 2) for _ in range(6)), "cidr": lambda: f"10.{m.r.randrange(255)}.0.0/16", "float": lambda: f"{m.r.random() * 1000:.12f}",
        "semver": lambda: f"{m.r.randrange(9)}.{m.r.randrange(40)}.{m.r.randrange(20)}-beta.{m.r.randrange(9)}", "host": lambda: f"{m.word()}-{s(LOW, 8)}.{region()}.elb.amazonaws.com", "rds-host": lambda: f"{m.word()}.c{s(LOW, 11)}.{region()}.rds.amazonaws.com", "s3": lambda: f"s3://{m.word()}-{account()}/{m.word()}/year=2025/{m.uuid()}.parquet",
        "log-stream": lambda: f"2025/03/01/[$LATEST]{s(HEX, 32)}", "log-group": lambda: f"/aws/lambda/{m.word()}-{m.word()}-{s(AN, 12)}", "shard": lambda: "shardId-00000000000" + s(DIG, 1), "sequence": lambda: "4" + s(DIG, 55), "queue": lambda: f"https://sqs.{region()}.amazonaws.com/{account()}/{m.word()}.fifo",
        "certificate": lambda: "-----BEGIN CERTIFICATE-----\n" + "\n".join(textwrap.wrap(m.b64(700), 64)) + "\n-----END CERTIFICATE-----", "public-key": lambda: "-----BEGIN PUBLIC KEY-----\n" + "\n".join(textwrap.wrap(m.b64(294), 64)) + "\n-----END PUBLIC KEY-----", "ssh-public": lambda: f"ssh-ed25519 {base64.b64encode(b'0000000bssh-ed25519' + m.bytes(32)).decode()} {m.word()}@laptop",
        "fingerprint": lambda: "SHA256:" + s(B64, 43), "fingerprint-old": lambda: ":".join(s(HEX, 2) for _ in range(20)), "data-uri": lambda: "data:image/png;base64,iVBORw0KGgo" + s(B64, 300), "stripe-public": lambda: "pk_" + "live_" + s(AN, 24), "stripe-id": lambda: m.one("cus_", "price_", "sub_", "evt_", "pi_") + s(AN, 14, 24),
        "slack-id": lambda: m.one("U", "C", "T") + s(UPP, 10), "sentry-public": lambda: f"https://{s(HEX, 32)}@o{s('123456789', 6)}.ingest.sentry.io/{s('123456789', 7)}", "gcp-account": lambda: f"{m.word()}@{m.word()}.iam.gserviceaccount.com", "color": lambda: "#" + s(HEX, 6), "wei": lambda: "0x" + s(HEX, 40), "user-agent": lambda: f"aws-cli/2.{m.r.randrange(30)}.0 md/Botocore#1.3{m.r.randrange(9)}.0 ua/2.0 os/linux#6.1 cfg/retry-mode#standard",
        "cognito-token-page": lambda: s(B64, 300), "guid-upper": lambda: m.uuid().upper(), "part-token": lambda: s(URL, 172), "base36": lambda: s(LOW, 13), "isbn": lambda: "978-3-" + s(DIG, 2) + "-" + s(DIG, 6) + "-" + s(DIG, 1), "cron": lambda: "cron(0/15 8-18 ? * MON-FRI *)", "metric": lambda: f"aws.applicationelb.target_response_time.p99 {m.r.random():.6f} 1740000000",
    }


def benign_texts(m, v):
    """Texts as they stand in answers, which hold values of `v` and no secret."""
    j, s = json.dumps, m.s
    w = m.word
    some = lambda *names: [v[m.one(*names)]() for _ in range(4)]
    ids = lambda: some("arn-role", "instance", "request-id", "etag", "sha256", "key-id", "user-id", "digest", "epoch-ms", "ip")
    return [
        lambda: j({"resourceArn": v["arn-secret"](), "SecretName": f"{w()}/db-password", "VersionId": m.uuid(), "RotationEnabled": True, "LastRotatedDate": 1740000000.12, "KmsKeyId": v["arn-key"]()}),
        lambda: "\n".join(f"{x}  package-{w()}-{s(DIG, 1)}.tar.gz" for x in some("sha256")),
        lambda: j({"name": "app", "lockfileVersion": 3, "packages": {f"node_modules/{w()}-{n}": {"version": "1.2.3", "resolved": f"https://registry.npmjs.org/{w()}/-/{w()}-1.2.3.tgz", "integrity": v["integrity"]()} for n in range(4)}}, indent=2),
        lambda: "".join(f"github.com/{w()}/{w()} v1.{n}.0 {v['gosum']()}\ngithub.com/{w()}/{w()} v1.{n}.0/go.mod {v['gosum']()}\n" for n in range(3)),
        lambda: f"{w()}@^1.0.0:\n  version \"1.0.4\"\n  resolved \"https://registry.yarnpkg.com/{w()}/-/{w()}-1.0.4.tgz#{s(HEX, 40)}\"\n  integrity {v['integrity']()}\n",
        lambda: f"requests==2.32.3 \\\n    --hash=sha256:{s(HEX, 64)} \\\n    --hash=sha256:{s(HEX, 64)}\n",
        lambda: f"[[package]]\nname = \"{w()}\"\nversion = \"1.0.9\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{s(HEX, 64)}\"\n",
        lambda: f"commit {s(HEX, 40)}\nAuthor: build <noreply@github.com>\nDate:   Sat Mar 1 10:00:00 2025 +0000\n\n    rotate the database password, see {w()}\n\nindex {s(HEX, 7)}..{s(HEX, 7)} 100644\n",
        lambda: "!function(e,t){\"use strict\";var n=function(r){return r.token||(r.token=e.key)};t.exports={password:n,getToken:function(){return this.tokenKey},secretKey:null};for(var i=0;i<t.length;i++)a[i]=b64(\"" + s(AN, 8) + "\")}(window,module);",
        lambda: f".icon{{background:url({v['data-uri']()})}}\n.a{{color:{v['color']()}}}\n",
        lambda: f"import os\npassword = os.environ[\"DB_PASSWORD\"]\ntoken = get_token(client_id, scope='read')\nsecret_key = settings.SECRET_KEY\napi_key = config.get('api_key')\n# {v['git']()}\n",
        lambda: "def check_password(password: str, password_hash: str) -> bool:\n    if not password:\n        raise ValueError('password must not be empty')\n    return verify(password, password_hash)\n",
        lambda: "const password = req.body.password;\nconst token = await getToken({ audience: 'api' });\nif (user.token !== token) throw new Error('invalid token');\nlocalStorage.setItem('token', token);\n",
        lambda: "String password = System.getenv(\"DB_PASSWORD\");\nprivate final String secretKey;\nthis.apiKey = apiKey;\n@Value(\"${spring.datasource.password}\") String pw;\n",
        lambda: f"resource \"aws_db_instance\" \"a\" {{\n  password = var.db_password\n  kms_key_id = \"{v['arn-key']()}\"\n  manage_master_user_password = true\n}}\nvariable \"db_password\" {{ sensitive = true }}\n",
        lambda: f"env:\n  - name: DB_PASSWORD\n    valueFrom:\n      secretKeyRef:\n        name: {w()}-db\n        key: password\n  - name: TOKEN_FILE\n    value: /var/run/secrets/token\n",
        lambda: "password: {{ .Values.db.password }}\napiKey: ${API_KEY}\ntoken: $TOKEN\nsecret: !Ref DBSecret\nMasterUserPassword: '{{resolve:secretsmanager:MyDb:SecretString:password}}'\nclient_secret: <your-client-secret>\n",
        lambda: "CREATE TABLE users (id bigint PRIMARY KEY, email varchar(255), password varchar(255) NOT NULL, api_key char(64), reset_token text DEFAULT NULL);\n",
        lambda: j({"type": "object", "required": ["password"], "properties": {"password": {"type": "string", "minLength": 12, "description": "The password of the user"}, "token": {"type": "string", "format": "uuid"}, "apiKey": {"$ref": "#/components/schemas/Key"}}}),
        lambda: "<form><label for=\"password\">Password</label><input type=\"password\" name=\"password\" id=\"password\" placeholder=\"Enter your password\"/><input name=\"csrf_token\" type=\"hidden\"/></form>",
        lambda: "The password must have 14 characters, one digit and one symbol. Tokens expire after 3600 seconds; secret rotation runs every 30 days. Use the API key of your own account.",
        lambda: f"2 {s('123456789', 12)} eni-0{s(HEX, 16)} 10.0.1.5 10.0.2.7 443 49152 6 20 4249 1740000000 1740000060 ACCEPT OK\n",
        lambda: f"http 2025-03-01T10:00:00.123456Z app/{w()}/{s(HEX, 16)} 10.0.0.1:2817 10.0.0.2:80 0.000 0.001 0.000 200 200 34 366 \"GET http://www.example.com:80/?id={m.uuid()} HTTP/1.1\" \"curl/7.46.0\" - - arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/{w()}/{s(HEX, 16)} \"Root=1-{s(HEX, 8)}-{s(HEX, 24)}\" \"-\" \"-\" 0\n",
        lambda: f"{s(HEX, 64)} {w()}-bucket [01/Mar/2025:10:00:00 +0000] 10.1.2.3 arn:aws:iam::111122223333:user/{w()} {s(UPP, 16)} REST.GET.OBJECT a/b.txt \"GET /a/b.txt HTTP/1.1\" 200 - 512 512 7 6 \"-\" \"aws-cli\" - {s(B64, 75)}= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader {w()}.s3.amazonaws.com TLSv1.2 - -\n",
        lambda: j({"eventVersion": "1.08", "userIdentity": {"type": "AssumedRole", "principalId": v["user-id"]() + ":bot", "arn": v["arn-role"](), "accessKeyId": v["key-id"](), "sessionContext": {"attributes": {"mfaAuthenticated": "false"}}}, "eventName": "GetSecretValue", "requestParameters": {"secretId": v["arn-secret"]()}, "requestID": m.uuid(), "eventID": m.uuid(), "tlsDetails": {"cipherSuite": "TLS_AES_128_GCM_SHA256"}}),
        lambda: j({"Version": "2012-10-17", "Statement": [{"Sid": "Token" + w().capitalize(), "Effect": "Allow", "Action": ["secretsmanager:GetSecretValue", "iam:CreateAccessKey", "sts:AssumeRole"], "Resource": v["arn-secret"](), "Condition": {"StringEquals": {"sts:ExternalId": s(AN, 12), "aws:TokenIssueTime": "2025-03-01T00:00:00Z"}}}]}),
        lambda: j({"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": s(URL, 27), "n": s(URL, 342), "e": "AQAB"}]}),
        lambda: j({"UserPool": {"Id": v["pool"](), "Policies": {"PasswordPolicy": {"MinimumLength": 12, "RequireSymbols": True, "TemporaryPasswordValidityDays": 7}}, "ClientId": v["client-id"](), "AccessTokenValidity": 60, "TokenValidityUnits": {"AccessToken": "minutes"}}}),
        lambda: j({"traceId": s(HEX, 32), "spanId": s(HEX, 16), "message": "token refreshed for client", "tokenId": m.uuid(), "keyId": v["key-id"](), "duration": 12.5, "ulid": v["ulid"]()}),
        lambda: f"level=info msg=\"issued token\" token_id={m.uuid()} key_id={s(HEX, 16)} token_type=Bearer expires_in=3600 auth_method=oidc secret_arn={v['arn-secret']()}\n",
        lambda: "\n".join(ids()), lambda: ",".join(ids()), lambda: j(dict(zip(("id", "hash", "ref", "value"), ids()))), lambda: "etag: " + v["etag"]() + "\nx-amz-id-2: " + v["x-amz-id-2"]() + "\nx-amz-version-id: " + v["version-id"](),
        lambda: f"nextToken={v['part-token']()} continuation-token={v['cognito-token-page']()}\n", lambda: j({"NextToken": v["cognito-token-page"](), "nextPageToken": v["part-token"](), "StartingToken": s(B64, 88), "Marker": s(AN, 40), "ClientRequestToken": m.uuid(), "ExclusiveStartShardId": v["shard"]()}),
        lambda: v["certificate"]() + "\n" + v["public-key"]() + "\n", lambda: "# authorized_keys\n" + v["ssh-public"]() + "\n" + f"github.com ssh-rsa AAAAB3NzaC1yc2E{s(B64, 360)}\n",
        lambda: f"|1|{m.b64(20)}|{m.b64(20)} ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTY{s(B64, 98)}=\n",
        lambda: f"FROM node:20@sha256:{s(HEX, 64)}\nENV NODE_ENV=production TOKEN_TTL=3600\nARG NPM_TOKEN\nRUN --mount=type=secret,id=npmrc npm ci\n",
        lambda: f"on: push\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@{s(HEX, 40)}\n        with: {{token: '${{{{ secrets.GITHUB_TOKEN }}}}'}}\n      - run: echo ${{{{ github.sha }}}}\n",
        lambda: f"# HELP http_requests_total Requests\nhttp_requests_total{{method=\"post\",token=\"valid\"}} {s('123456789', 9)} {v['epoch-ms']()}\n", lambda: "\n".join(v["metric"]() for _ in range(4)),
        lambda: "id,amount,created,account,sha\n" + "\n".join(f"{v['snowflake']()},{m.r.randrange(9999)}.99,{v['iso']()},{s('123456789', 12)},{s(HEX, 40)}" for _ in range(5)),
        lambda: j({"OutputKey": "ApiKeyId", "OutputValue": s(LOW, 10), "Outputs": [{"OutputKey": "DatabaseSecretArn", "OutputValue": v["arn-secret"]()}, {"OutputKey": "UserPoolClientId", "OutputValue": v["client-id"]()}, {"OutputKey": "BucketName", "OutputValue": f"{w()}-{s(LOW, 12)}"}]}),
        lambda: j({"login.password.label": "Password", "login.password.forgot": "Forgot your password?", "token.invalid": "The token is not valid", "secret": "Secret", "apiKey.help": "You find your API key in the settings"}),
        lambda: f"openssl version\nkubectl get secret {w()}-tls -o yaml\naws secretsmanager get-secret-value --secret-id {w()}/db\nssh-keygen -t ed25519 -f key\nmysql -u app -p orders\ncurl -H 'Authorization: Bearer '\"$TOKEN\" https://api\n",
        lambda: f"ERROR 1045 (28000): Access denied for user 'app'@'10.0.0.5' (using password: YES)\nFATAL: password authentication failed for user \"app\"\ninvalid api key: key not found\nUser: {v['arn-role']()} is not authorized to perform: secretsmanager:GetSecretValue on resource: {v['arn-secret']()}\n",
        lambda: f"Sec-WebSocket-Key: {m.b64(16)}\nIf-None-Match: {v['etag']()}\nX-Request-Id: {m.uuid()}\nStrict-Transport-Security: max-age=31536000\nX-Amz-Cf-Id: {s(URL, 55)}=\nContent-MD5: {m.b64(16)}\nAuthorization: AWS4-HMAC-SHA256\n",
        lambda: j({"Rules": [{"Key": "primary_key", "SortKey": "created_at", "PartitionKey": {"Name": "pk", "Type": "S"}, "KeySchema": [{"AttributeName": "tenant_key", "KeyType": "HASH"}]}], "TokenColumn": "token_hash", "KeyMarker": f"a/{w()}.txt", "UploadIdMarker": s(AN + "._", 100)}),
        lambda: j({"version": 4, "lineage": m.uuid(), "resources": [{"type": "aws_s3_object", "instances": [{"attributes": {"etag": s(HEX, 32), "id": f"{w()}.zip", "source_hash": m.b64(32), "version_id": v["version-id"](), "kms_key_id": v["arn-key"](), "bucket_key_enabled": False, "password": None}, "private": base64.b64encode(j({"schema_version": "1", "e2bfb730-ecaa-11e6-8f88-34363bc7c4c0": {"create": 600000000000}}).encode()).decode()}]}]}),
        lambda: f"<svg xmlns=\"http://www.w3.org/2000/svg\"><path d=\"M{s(DIG, 2)}.{s(DIG, 3)} {s(DIG, 2)}.5c-1.2-3.4,5.6,7.8-{s(DIG, 1)}.1,2z\"/></svg>", lambda: f"Message-ID: <{s(AN, 20)}@email.amazonses.com>\nDKIM-Signature: v=1; a=rsa-sha256; d=amazonses.com; s={s(LOW, 32)}; bh={m.b64(32)}; b={s(B64, 340)}\n",
        lambda: f"p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ{s(B64, 180)}IDAQAB\nv=spf1 include:amazonses.com ~all\ngoogle-site-verification={s(URL, 43)}\n_amazonses TXT {m.b64(32)}\n",
        lambda: f"build {s(HEX, 12)} layer sha256:{s(HEX, 64)} pushed; cache key linux-node-{s(HEX, 64)}; restore-keys linux-node-\n", lambda: f"upload {m.uuid()}: part 7 of 12, offset {v['size']()}, checksum {m.b64(4)}, seq {v['sequence']()}\n",
    ]


def benign_bodies(seed, count):
    m = Random(f"benign {seed}")
    v = values(m)
    names = list(v)
    texts = benign_texts(m, v)
    for index in range(count):
        ways = [way for way in carriers(m) if way[0] != "route53.GetHostedZone"]
        if index % 2:
            stay = [v[names[(index + offset * 17) % len(names)]]() for offset in range(4)]
            text = m.one(lambda: f"resource {stay[0]} moved to {stay[1]} by {stay[2]}: {stay[3]}\n", lambda: json.dumps({"a": stay[0], "hash": stay[1], "items": [{"id": stay[2], "ref": stay[3]}]}),
                         lambda: "\n".join(stay), lambda: f"id: {stay[0]}\nref: \"{stay[1]}\"\nlist:\n- {stay[2]}\n- {stay[3]}\n", lambda: f"{stay[0]},{stay[1]},{stay[2]},{stay[3]}\n",
                         lambda: json.dumps({"OutputKey": "Id", "OutputValue": stay[0], "tags": [{"Key": "build", "Value": stay[1]}, {"Key": "source", "Value": stay[2]}], "digest": stay[3]}))()
        else:
            stay = []
            text = texts[index // 2 % len(texts)]()
        operation, content_type, form, wire = m.one(*ways)
        body = wire(text)
        yield {"id": f"n{seed}-{index}", "family": "benign", "type": "benign", "shape": str(index // 2 % len(texts)) if not stay else "values", "operation": operation, "contentType": content_type, "object": int(form in (1, 2)), "form": form,
               "hex": (body if isinstance(body, bytes) else body.encode()).hex(), "secrets": [], "benign": stay}
