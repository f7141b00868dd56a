"""A server in AWS's place: answers each request with the least that its protocol takes, and writes down what it got.

Run as a program, `echo.py RECORDS`: prints its port and appends one JSON line a request to RECORDS. What the answer
must look like stands in the user agent: `conformance/TAG/KIND/WRAPPER`, made by conformance.py.
"""

import asyncio
import base64
import binascii
import json
import struct
import subprocess
import sys
import uuid

CONTENT_TYPES = {
    "json": "application/json", "xml": "application/xml", "query": "text/xml", "ec2": "text/xml", "blob": "text/plain",
    "cbor": "application/cbor", "events": "application/vnd.amazon.eventstream",
    "json-events": "application/vnd.amazon.eventstream",
}  # fmt: skip


ENDPOINTS = json.dumps({"Endpoints": [{"Address": "cell-1.timestream.eu-west-1.amazonaws.com",
                                       "CachePeriodInMinutes": 1440}]}).encode()


def event(headers, payload):
    """One event-stream message, with both its checksums."""
    fields = b"".join(bytes([len(name)]) + name.encode() + b"\x07" + struct.pack("!H", len(text)) + text.encode()
                      for name, text in headers.items())
    prelude = struct.pack("!II", 16 + len(fields) + len(payload), len(fields))
    message = prelude + struct.pack("!I", binascii.crc32(prelude)) + fields + payload
    return message + struct.pack("!I", binascii.crc32(message))


def body_of(kind, wrapper):
    if kind == "json-events":
        return event({":message-type": "event", ":event-type": "initial-response",
                      ":content-type": "application/json"}, b"{}")
    if kind == "query":
        inner = f"<{wrapper}/>" if wrapper else ""
        return f"<Response>{inner}<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata></Response>".encode()
    return {"json": b"{}", "xml": b"<Answer/>", "ec2": b"<Response/>", "cbor": b"\xa0", "blob": b"echo"}.get(kind, b"")


async def read_body(reader, fields):
    if "chunked" not in fields.get("transfer-encoding", ""):
        return await reader.readexactly(int(fields.get("content-length", 0)))
    parts = []
    while size := int((await reader.readline()).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readline()
    while (await reader.readline()).strip():
        pass
    return b"".join(parts)


async def serve(reader, writer, records):
    try:
        while line := await reader.readline():
            method, target, _ = line.decode("latin-1").split(" ", 2)
            headers = []
            while (line := await reader.readline()).strip():
                name, _, text = line.decode("latin-1").partition(":")
                headers.append([name.lower(), text.strip()])
            fields = dict(headers)
            if fields.get("expect") == "100-continue":
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = await read_body(reader, fields)
            _, tag, kind, wrapper = (fields.get("user-agent", "").split("/") + [""] * 4)[:4]
            records.write(json.dumps({"tag": tag, "method": method, "target": target, "headers": headers,
                                      "body": base64.b64encode(body).decode()}) + "\n")
            records.flush()
            answer = b"" if method == "HEAD" else body_of(kind, wrapper)
            if fields.get("x-amz-target", "").endswith(".DescribeEndpoints"):
                answer = ENDPOINTS
            extra = "smithy-protocol: rpc-v2-cbor\r\n" if kind == "cbor" else ""
            status, scripted = "200 OK", None
            if kind == "scripted":  # what a test wants word for word
                scripted = json.loads(base64.urlsafe_b64decode(wrapper))
                status, answer = scripted["status"], b"" if method == "HEAD" else scripted["body"].encode()
                kind, answer = scripted["kind"], answer * scripted.get("times", 1)
                extra = "".join(f"{name}: {value}\r\n" for name, value in scripted["headers"])
            opening = (f"HTTP/1.1 {status}\r\nContent-Type: {CONTENT_TYPES.get(kind, 'application/json')}\r\n{extra}"
                       f"x-amzn-requestid: {uuid.uuid4()}\r\n")
            if wanted := scripted and scripted.get("behaviour"):
                return await misbehave(writer, opening, answer, wanted)
            writer.write(f"{opening}Content-Length: {len(answer)}\r\n\r\n".encode() + answer)
            await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError, ValueError):
        pass  # a request that ends before its last chunk is none
    finally:
        writer.close()


async def misbehave(writer, opening, answer, wanted):
    """An answer that is cut off, or whose second event is long in coming."""
    if wanted == "cut":
        writer.write(f"{opening}Content-Length: {len(answer) + 100}\r\n\r\n".encode() + answer)
    elif wanted == "cut chunk":
        writer.write(f"{opening}Transfer-Encoding: chunked\r\n\r\n{len(answer):x}\r\n".encode() + answer + b"\r\n")
    else:
        message = event({":message-type": "event", ":event-type": "Cont"}, b"")
        writer.write(f"{opening}Transfer-Encoding: chunked\r\n\r\n".encode())
        for _ in range(2):
            writer.write(f"{len(message):x}\r\n".encode() + message + b"\r\n")
            await writer.drain()
            await asyncio.sleep(3)
        writer.write(b"0\r\n\r\n")
    await writer.drain()


async def main(path):
    with open(path, "a") as records:
        server = await asyncio.start_server(lambda r, w: serve(r, w, records), "127.0.0.1", 0, limit=1 << 20,
                                            backlog=256)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


class Echo:
    """The program above, running."""

    def __init__(self, path):
        self.path = path
        self.process = subprocess.Popen([sys.executable, __file__, str(path)], stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def records(self):
        """What came so far, oldest first."""
        found = []
        with open(self.path) as lines:
            for line in lines:
                record = json.loads(line)
                record["body"] = base64.b64decode(record["body"])
                found.append(record)
        return found

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
