"""Many calls over few connections, as fast as Python can: each asks for a parameter of a name of its own, once.

Run as a program, `load.py URL-PORT CA TOKEN CONNECTIONS FIRST`: makes calls until its standard input ends, then prints one
JSON line a call: its name, the status (0 where there was no answer), the error message, seconds it took.
"""

import asyncio
import json
import ssl
import subprocess
import sys
import time


class Caller:
    def __init__(self, port, ca, token, first):
        self.port, self.token, self.next = port, token, first
        self.context = ssl.create_default_context(cafile=ca)
        self.results = []
        self.is_over = False

    async def run(self):
        connection = None
        while not self.is_over:
            name, self.next = f"/load/{self.next}", self.next + 1
            began = time.monotonic()
            status, message = 0, None
            try:
                connection = connection or await asyncio.open_connection("localhost", self.port, ssl=self.context)
                status, message = await asyncio.wait_for(self.call(connection, name), 30)
            except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError):
                if connection:
                    connection[1].close()
                connection = None
            self.results.append((name, status, message, time.monotonic() - began))
            if status != 200:
                await asyncio.sleep(0.02)

    async def call(self, connection, name):
        reader, writer = connection
        body = json.dumps({"Name": name}).encode()
        writer.write((f"POST /_postern/aws/us-east-1/ssm/ HTTP/1.1\r\nHost: localhost:{self.port}\r\n"
                      f"Authorization: Bearer {self.token}\r\nContent-Type: application/x-amz-json-1.1\r\n"
                      f"X-Amz-Target: AmazonSSM.GetParameter\r\nUser-Agent: conformance/load/json/\r\n"
                      f"Content-Length: {len(body)}\r\n\r\n").encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        fields = dict(line.split(": ", 1) for line in head.splitlines()[1:] if ": " in line)
        answer = await reader.readexactly(int(fields["content-length"]))
        status = int(head.split(" ", 2)[1])
        told = {} if status == 200 else json.loads(answer)
        return status, told.get("message", told.get("Message", ""))


async def main(port, ca, token, connections, first):
    caller = Caller(int(port), ca, token, int(first))
    tasks = [asyncio.create_task(caller.run()) for _ in range(int(connections))]
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    caller.is_over = True
    await asyncio.gather(*tasks)
    for result in caller.results:
        print(json.dumps(result))


class Load:
    """The program above, running."""

    def __init__(self, stack, token, connections=16, first=0):
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(stack.port), stack.ca, token, str(connections), str(first)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def end(self):
        """Ends the calls, and tells of each."""
        return [json.loads(line) for line in self.process.communicate(timeout=90)[0].splitlines()]


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
