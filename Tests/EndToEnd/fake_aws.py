"""A server in AWS's place that gives out credentials, and no longer takes some of them.

It is STS (AssumeRole), a container's credential endpoint, and every service that tests call: each answers success to a
key that it knows as good, and in its own protocol that the key is not taken to any other.
"""

import datetime
import http.server
import json
import re
import threading
import urllib.parse

from stack import cbor_text


def cbor_map(**members):
    return bytes([0xA0 | len(members)]) + b"".join(cbor_text(k) + cbor_text(v) for k, v in members.items())


def query(code):
    return 403, "text/xml", (f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>expired</Message>"
                             "</Error><RequestId>r</RequestId></ErrorResponse>").encode(), {}


# How each protocol says that a credential is not taken, as AWS words it.
REFUSALS = {
    "ssm": (400, "application/x-amz-json-1.1", b'{"__type":"ExpiredTokenException","message":"expired"}', {}),
    "dynamodb": (400, "application/x-amz-json-1.0",
                 b'{"__type":"com.amazon.coral.service#UnrecognizedClientException","message":"invalid"}', {}),
    "iam": query("ExpiredToken"),
    "sns": query("InvalidClientTokenId"),
    "ec2": (400, "text/xml", b"<Response><Errors><Error><Code>RequestExpired</Code><Message>expired</Message></Error>"
            b"</Errors><RequestID>r</RequestID></Response>", {}),
    "lambda": (403, "application/json", b'{"message":"expired"}', {"x-amzn-errortype": "ExpiredTokenException:http://x"}),
    "s3": (400, "application/xml", b"<?xml version=\"1.0\"?><Error><Code>ExpiredToken</Code><Message>expired</Message>"
           b"</Error>", {}),
    "monitoring": (400, "application/cbor", cbor_map(message="expired", __type="x#ExpiredTokenException"),
                   {"smithy-protocol": "rpc-v2-cbor"}),
}
ANSWERS = {
    "ssm": ("application/x-amz-json-1.1", b'{"Parameters":[]}'),
    "dynamodb": ("application/x-amz-json-1.0", b'{"TableNames":[]}'),
    "iam": ("text/xml", b"<R><ListUsersResult><IsTruncated>false</IsTruncated></ListUsersResult></R>"),
    "sns": ("text/xml", b"<R><ListTopicsResult/></R>"),
    "ec2": ("text/xml", b"<Response/>"),
    "lambda": ("application/json", b'{"Functions":[]}'),
    "s3": ("application/xml", b"<ListAllMyBucketsResult/>"),
    "monitoring": ("application/cbor", b"\xa0"),
}


class FakeAWS:
    def __init__(self):
        self.issued = 0
        self.good = lambda number: True
        self.calls = []  # (service, number of the key) in the order of their coming
        self.assumed = []  # forms
        self.lock = threading.Lock()
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self):
                body = self.read_body()
                if self.path == "/credentials":
                    return self.answer(*fake.container(self.headers))
                key, service = re.search(r"Credential=(\w+)/\d+/[\w-]+/(\w+)/", self.headers["Authorization"]).groups()
                number = int(key[-6:])
                with fake.lock:
                    fake.calls.append((service, number))
                if service == "sts" and b"Action=AssumeRole" in body:
                    return self.answer(*fake.assume(number, body))
                if not fake.good(number):
                    return self.answer(*REFUSALS[service])
                kind, text = ANSWERS[service]
                if self.command == "PUT":
                    text = b""
                self.answer(200, kind, text, {"smithy-protocol": "rpc-v2-cbor"} if service == "monitoring" else {})

            def read_body(self):
                if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                while self.rfile.readline().strip():
                    pass
                return b"".join(parts)

            def answer(self, status, kind, body, fields):
                self.send_response_only(status)
                for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **fields}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = serve

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def key(self):
        with self.lock:
            self.issued += 1
            return f"ASIAFAKE00{self.issued:06}"

    def expiry(self):
        return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def container(self, headers):
        """AWS SDKs and Tools Reference Guide, "Container credential provider"."""
        if headers.get("Authorization") != "Bearer container-token":
            return 401, "application/json", b'{"code":"Unauthorized","message":"no token"}', {}
        document = {"AccessKeyId": self.key(), "SecretAccessKey": "fake-secret", "Token": "fake-token",
                    "Expiration": self.expiry(), "RoleArn": "arn:aws:iam::111122223333:role/task"}
        return 200, "application/json", json.dumps(document).encode(), {}

    def assume(self, number, body):
        if not self.good(number):
            return query("ExpiredToken")
        self.assumed.append(dict(urllib.parse.parse_qsl(body.decode())))
        return 200, "text/xml", f"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
            <Credentials><AccessKeyId>{self.key()}</AccessKeyId><SecretAccessKey>fake-secret</SecretAccessKey>
            <SessionToken>fake-token</SessionToken><Expiration>{self.expiry()}</Expiration></Credentials>
            </AssumeRoleResult></AssumeRoleResponse>""".encode(), {}
