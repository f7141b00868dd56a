"""AWS's own MCP server for its API, unmodified, as an agent runs it: over stdio, with Postern behind it."""

import json
import os
import pathlib
import subprocess
import threading

import pytest
from conftest import PARAMETER
from stack import REPOSITORY

SERVER = pathlib.Path(os.environ.get("POSTERN_MCP_SERVER", REPOSITORY / ".venv-mcp/bin/awslabs.aws-api-mcp-server"))
pytestmark = [pytest.mark.skipif(not SERVER.exists(), reason="no MCP server here: scripts/test installs it"),
              pytest.mark.usefixtures("seeded")]


class Client:
    """As much of the protocol as a model's host speaks (MCP 2025-06-18: JSON-RPC, one message a line)."""

    # What the server asks a host of AWS's for at its start, without credentials; here nobody need reach that host.
    SERVICE_REFERENCE = """
import requests
fetch = requests.get
def get(url, *words, **options):
    if url != "https://servicereference.us-east-1.amazonaws.com/":
        return fetch(url, *words, **options)
    answer = requests.Response()
    answer.status_code, answer._content = 200, b"[]"
    return answer
requests.get = get
"""

    def __init__(self, stack, home):
        home.mkdir()
        (home / "sitecustomize.py").write_text(self.SERVICE_REFERENCE)
        variables = {"HOME": str(home), "FASTMCP_LOG_LEVEL": "ERROR", "AWS_API_MCP_TELEMETRY": "false",
                     "AWS_API_MCP_WORKING_DIR": str(home), "PYTHONPATH": str(home)}
        self.process = subprocess.Popen([SERVER], env=stack.sourced("agent.env") | variables, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=(home / "stderr").open("w"), cwd=home)
        self.number = 0
        self.request("initialize", protocolVersion="2025-06-18", capabilities={},
                     clientInfo={"name": "test", "version": "1"})
        self.send({"method": "notifications/initialized"})

    def send(self, message):
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0"} | message) + "\n")
        self.process.stdin.flush()

    def request(self, method, **parameters):
        self.number += 1
        self.send({"id": self.number, "method": method, "params": parameters})
        limit = threading.Timer(120, self.process.kill)
        limit.start()
        try:
            for line in self.process.stdout:
                answer = json.loads(line)
                if answer.get("id") == self.number and "method" not in answer:
                    return answer["result"]
        finally:
            limit.cancel()
        raise AssertionError(f"the server ended: {self.process.poll()}")

    def call(self, command):
        """The text of a tool's answer, failures too."""
        result = self.request("tools/call", name="call_aws", arguments={"cli_command": command})
        return "".join(part.get("text", "") for part in result["content"]) + json.dumps(result.get("structuredContent"))

    def close(self):
        self.process.kill()
        self.process.wait(timeout=10)


@pytest.fixture(scope="module")
def agent(stack, tmp_path_factory):
    client = Client(stack, tmp_path_factory.mktemp("mcp") / "home")
    yield client
    client.close()


def test_it_offers_its_tool(agent):
    assert "call_aws" in {tool["name"] for tool in agent.request("tools/list")["tools"]}


def test_a_call_comes_back_masked(stack, agent):
    text = agent.call("aws ssm get-parameter --name /e2e/password --with-decryption")
    assert "[masked:" in text and "/e2e/password" in text, text
    assert PARAMETER not in text


def test_a_refused_call_says_why(agent):
    text = agent.call("aws iam create-user --user-name mallory")
    assert "AccessDenied" in text and "NobodyMakesUsers" in text, text


def test_a_call_waits_for_a_person_and_is_found_by_the_retry(stack, agent, seeded):
    command = "aws ssm put-parameter --name /e2e/by-mcp --value approved --type String"
    text = agent.call(command)
    ((approval,),) = stack.sql("SELECT id FROM postern.approval WHERE state = 'pending' AND parameters::text LIKE '%/e2e/by-mcp%'")
    assert approval in text, text
    names = {parameter["Name"] for parameter in seeded("ssm").describe_parameters()["Parameters"]}
    assert "/e2e/by-mcp" not in names
    approved = stack.posternctl("approvals", "approve", approval, "--reason", "test")
    assert approved.returncode == 0, approved.stderr
    assert '"Version": 1' in agent.call(command).replace("\\", "")
    assert seeded("ssm").get_parameter(Name="/e2e/by-mcp")["Parameter"]["Value"] == "approved"
