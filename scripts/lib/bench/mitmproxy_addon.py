"""What people put together today: mitmproxy that signs each request anew and masks answers by patterns."""

import re

import botocore.auth
import botocore.awsrequest
import botocore.credentials
from mitmproxy import http

KEYS = botocore.credentials.Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
SECRETS = re.compile(
    rb"gh[pousr]_[A-Za-z0-9]{36}|glpat-[\w-]{20}|xox[baprs]-[\w-]{10,}|sk_live_[A-Za-z0-9]{24,}|AIza[\w-]{35}|"
    rb"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+|-----BEGIN [A-Z ]*PRIVATE KEY-----|(?i:password|secret|token)\s*[=:]\s*\S{8,}")


def request(flow: http.HTTPFlow) -> None:
    sent = flow.request
    kept = {name: value for name, value in sent.headers.items() if name.lower().startswith(("x-amz-", "content-type"))}
    signed = botocore.awsrequest.AWSRequest(sent.method, sent.url, kept, sent.raw_content)
    botocore.auth.SigV4Auth(KEYS, "ssm", "us-east-1").add_auth(signed)
    for name, value in signed.headers.items():
        sent.headers[name] = value


def response(flow: http.HTTPFlow) -> None:
    flow.response.content = SECRETS.sub(b"[masked]", flow.response.content)
