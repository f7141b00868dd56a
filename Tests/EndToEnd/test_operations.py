"""Every operation of botocore, directly and through Postern: the same request reaches AWS.

By default a sample: one operation of each service, and all that are odd (S3, streams, host prefixes, no signature). With
--all-operations, or POSTERN_ALL_OPERATIONS=1, every one. docs/conformance.md has the exceptions.
"""

import collections
import functools
import json
import os
import random
import time

import botocore.session
import pytest
import urllib3
from conformance import (CUSTOMERS, NAMED, PLAIN, PREFIXED, RENAMED, VIRTUAL, Request, Sender, differences,
                         signature_defect)
from stack import UPSTREAM_KEYS

# Two services of one signing name whose requests no byte tells apart: either host is right to the other's caller.
TWINS = {"chime", "chime-sdk-voice", "timestream-write"}
# All of these are in the sample.
ODD_SERVICES = ["s3", "s3control", "sts", "sqs", "cloudwatch", "lambda", "apigateway", "glacier"]


# The names of *.localhost that some calls go to are in no certificate.
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)


def is_odd(operation):
    return (operation.has_streaming_input or operation.has_streaming_output or operation.has_event_stream_output
            or operation.auth_type in ("none", "v4-unsigned-body") or operation.http.get("method") in ("HEAD", "PATCH"))


def plan(everything):
    """(service, names, variant) of what is to be sent; names of None are all."""
    session = botocore.session.Session()
    chosen = os.environ.get("POSTERN_SERVICES", "").split()
    for service in session.get_available_services():
        if chosen and service not in chosen:
            continue
        model = session.get_service_model(service)
        names = list(model.operation_names)
        prefixed = [n for n in names if (model.operation_model(n).endpoint or {}).get("hostPrefix")]
        if everything or service in ODD_SERVICES or service in CUSTOMERS:
            yield service, None, PLAIN
        elif names:
            odd = [name for name in names if is_odd(model.operation_model(name))]
            yield service, sorted({random.Random(service).choice(names), *odd[:12]}), PLAIN
        if prefixed and service != "s3control":  # its account ids are there in any case
            yield service, prefixed if everything else prefixed[:1], PREFIXED
    for service in CUSTOMERS:
        if not chosen or service in chosen:
            yield service, None, NAMED
    if not chosen or "s3" in chosen:
        yield "s3", None, VIRTUAL


@pytest.fixture(scope="module")
def sent(open_stack, echo, issuer, request):
    """All calls by what became of them: (call, what arrived at AWS, or nothing)."""
    everything = request.config.getoption("--all-operations") or bool(os.environ.get("POSTERN_ALL_OPERATIONS"))
    token = issuer.token()
    started = time.monotonic()
    calls = Sender(open_stack, open_stack.assume(token), token).run(plan(everything))
    arrived = collections.defaultdict(list)
    for record in echo.records():
        arrived[record["tag"]].append(Request.recorded(record))
    report(calls, arrived, time.monotonic() - started)
    return [(call, arrived[call.tag]) for call in calls]


def report(calls, arrived, seconds):
    """What POSTERN_CONFORMANCE_REPORT names gets everything that is not equal, one JSON line a call."""
    print(f"\n{len(calls)} calls in {seconds:.0f} s")
    path = os.environ.get("POSTERN_CONFORMANCE_REPORT")
    if not path:
        return
    with open(path, "w") as out:
        for call in calls:
            for got in arrived[call.tag] or [None]:
                found = differences(call.direct, got) if call.direct and got else []
                if found or not got or call.unread:
                    out.write(json.dumps({"call": call.tag, "differs": found, "refused": call.refusal,
                                          "unsent": call.unsent, "unread": call.unread}) + "\n")


def refusals(sent):
    return {call.tag: call.refusal for call, got in sent if call.direct and not got}


def test_what_arrives_is_what_botocore_sends_directly(sent):
    equal, twins, different = 0, 0, {}
    for call, got in sent:
        if not call.direct or not got:
            continue
        found = differences(call.direct, got[0])
        if found and call.service in TWINS and all(text.startswith(("host", "scope")) for text in found):
            twins += 1
        elif found:
            different[call.tag] = found
        else:
            equal += 1
    print(f"{equal} equal, {twins} of twins, {len(different)} different, {len(refusals(sent))} refused, "
          f"{sum(1 for call, _ in sent if not call.direct)} that botocore does not send")
    assert not different


def test_each_call_is_made_once(sent):
    assert {call.tag: len(got) for call, got in sent if len(got) > 1} == {}


def test_each_signature_is_the_one_that_botocore_makes(sent):
    defects = {call.tag: defect for call, got in sent for request in got
               if not call.unsigned and (defect := signature_defect(request, UPSTREAM_KEYS))}
    assert defects == {}


def test_each_answer_is_one_that_botocore_reads(sent):
    assert {call.tag: call.unread for call, got in sent if call.unread} == {}


def test_only_the_documented_operations_are_refused(sent):
    unexpected = {call.tag: call.refusal for call, got in sent
                  if call.direct and not got and not is_exception(call)}
    assert unexpected == {}


# Other operations that are refused, by name (docs/conformance.md).
REFUSED = {"s3.CreateSession", "s3control.CreateBucket"}


def is_exception(call):
    return call.service == "sdb" or call.title in REFUSED


def test_the_audit_names_each_operation(sent, open_stack):
    rows = open_stack.sql("SELECT DISTINCT operation FROM postern_audit.calls WHERE operation LIKE '%.%'")
    recorded = {of_signing_name(row[0]) for row in rows}
    expected = {RENAMED.get(call.title, call.title) for call, got in sent if got}
    assert [title for title in sorted(expected) if of_signing_name(title) not in recorded] == []


def of_signing_name(title):
    """An operation by its signing name: twins in two services are one call, byte for byte, and one IAM action."""
    service, name = title.split(".")
    return signing_name(service), name


@functools.cache
def signing_name(service):
    return botocore.session.get_session().get_service_model(service).signing_name
