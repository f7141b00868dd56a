"""What no browser would send to the approvers' pages: the classes of mistakes that others made (docs/console.md)."""

import pathlib
import re
import urllib.parse

import pytest
import requests
from console_stack import PlainLogin, ask, cookies_of, state

BASE = "/_postern/console/"


@pytest.fixture(scope="module")
def alice(console):
    return PlainLogin(console, "alice").log_in()


FORWARDING = ["X-Forwarded-Uri", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-For", "X-Forwarded-Method",
              "X-Forwarded-Prefix", "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups", "X_Forwarded_User",
              "X-Original-URL", "X-Rewrite-URL", "X-Real-IP", "Forwarded", "X-Remote-User", "Remote-User",
              "REMOTE_ADDR", "X-HTTP-Method-Override", "HTTP_COOKIE", "POSTERN_ROUTE", "X-Postern-Identity"]


def test_no_header_changes_who_or_what_or_where_from(console):
    lies = {name: "carol" if "User" in name else "203.0.113.66" for name in FORWARDING}
    plain = console.send("GET", BASE + "calls")
    lied = console.send("GET", BASE + "calls", lies)
    assert (plain.status, lied.status) == (303, 303)
    strip = lambda location: location.split("&state=")[0]  # noqa: E731
    assert strip(plain.headers["location"]) == strip(lied.headers["location"])
    PlainLogin(console, "bob").log_in(headers=lies)
    rows = console.sql("SELECT DISTINCT source_ip FROM postern_audit.record WHERE event = 'console_login'")
    assert rows == [["127.0.0.1"]]


def test_no_user_agent_opens_a_page(console):
    for agent in ("GoogleHC/1.0", "kube-probe/1.30", "ELB-HealthChecker/2.0", "GoogleStackdriverMonitoring-UptimeChecks"):
        assert console.send("GET", BASE + "calls", {"User-Agent": agent}).status == 303


@pytest.mark.parametrize("path", [
    "//", "./", "../console/", "%2e%2e/", "..%2f", ".%2e/calls", "calls/", "Calls", "calls%2f", "calls%00", "calls;x=1",
    "calls\\", "/calls", "%63alls", "calls%23", "login/../calls", "assets/../calls", "%c0%ae%c0%ae/", "health", "static/x",
    "approvals/", "approvals/1", "approvals/%2e%2e", "assets/console.css",
])
def test_only_exact_paths_are_pages(console, alice, path):
    answer = console.send("GET", BASE + path, {"Cookie": session(alice)})
    assert answer.status in (400, 404), answer


def test_query_and_fragment_open_nothing(console):
    for target in ("calls?path=/signed-out", "calls?/_postern/console/signed-out", "calls?login", "?signed-out"):
        assert console.send("GET", BASE + target).status == 303


def session(login):
    return "__Host-postern-console=" + login.console.cookies["__Host-postern-console"]


def test_no_url_chooses_where_a_login_ends(console):
    for trick in ("rd=https://evil.example/", "next=//evil.example", "redirect=/\\evil.example", "state=x", "url=%09//evil"):
        login = PlainLogin(console, "alice")
        location = login.begin(f"login?{trick}")
        assert location.startswith(login.provider_url + "/")
        query = urllib.parse.parse_qs(urllib.parse.urlparse(location).query)
        assert query["redirect_uri"] == [login.base + "callback"]
        callback = login.callback(location)
        for lie in ("", "&rd=https://evil.example", "&next=//evil.example"):
            landed = login.console.get(callback + lie, allow_redirects=False)
            assert "evil" not in landed.headers.get("Location", "")
        assert login.begin("login").startswith(login.provider_url)


def test_a_login_cannot_be_ended_in_another_browser(console):
    victim, attacker = PlainLogin(console, "alice"), PlainLogin(console, "bob")
    callback = attacker.callback(attacker.begin())
    victim.begin()
    answer = victim.console.get(callback, allow_redirects=False)
    assert answer.status_code == 403
    assert "__Host-postern-console" not in answer.headers.get("Set-Cookie", "")


def test_a_code_is_used_once(console):
    login = PlainLogin(console, "alice")
    callback = login.callback(login.begin())
    kept = login.console.cookies.copy()
    assert login.console.get(callback, allow_redirects=False).status_code == 303
    # Even with the cookie that the first answer took away.
    replayed = requests.get(callback, cookies=kept, verify=console.ca, allow_redirects=False)
    assert replayed.status_code == 403


def test_cookies_are_the_hosts_own_and_out_of_scripts_reach(console):
    login = PlainLogin(console, "alice")
    first = login.console.get(login.base, allow_redirects=False)
    callback = login.callback(first.headers["Location"])
    for answer in (first, login.console.get(callback, allow_redirects=False)):
        found = cookies_of(answer)
        assert found
        for name, cookie in found.items():
            assert name.startswith("__Host-")
            assert cookie["secure"] and cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/"
            assert not cookie["domain"]


def test_no_other_token_opens_the_pages_nor_the_pages_token_the_gateway(console, alice):
    machine = console.sourced("agent.env")["AWS_WEB_IDENTITY_TOKEN_FILE"]
    token = pathlib.Path(machine).read_text().strip()
    for headers in ({"Authorization": f"Bearer {token}"}, {"Cookie": f"__Host-postern-console={token}"},
                    {"Cookie": session(alice).replace("__Host-postern-console", "postern-console")},
                    {"Cookie": session(alice) + "; " + session(alice)}):
        assert console.send("GET", BASE + "history", headers).status == 303
    cookie = alice.console.cookies["__Host-postern-console"]
    refused = console.send("POST", "/_postern/aws/us-east-1/ssm/", {"Authorization": f"Bearer {cookie}"}, b"{}")
    assert refused.status == 403


def test_a_vote_needs_its_pages_token(console, alice):
    identifier = ask(console)
    for body in (b"verdict=approve", b"verdict=approve&token=", b"verdict=approve&token=AAAA", b"{}"):
        answer = console.send("POST", f"{BASE}approvals/{identifier}",
                              {"Cookie": session(alice), "Content-Type": "application/x-www-form-urlencoded"}, body)
        assert answer.status in (400, 403), answer
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        console.send(method, f"{BASE}approvals/{identifier}?verdict=approve", {"Cookie": session(alice)})
    assert state(console, identifier) == "pending"


def test_the_history_goes_back_page_by_page_and_misses_nothing(console, alice):
    asked = {ask(console, expires="1 millisecond") for _ in range(105)}
    console.sql("SELECT postern.expire_approvals()")
    seen, path, count = [], "history", 0
    while path:
        page = alice.get(path).text
        seen += re.findall(r'href="[^"]*/approvals/([0-9a-f-]{36})"', page)
        older = re.search(r'href="[^"]*/console/(history\?before=[0-9a-f-]{36})"', page)
        path, count = older and older.group(1), count + 1
    assert count >= 3
    assert len(seen) == len(set(seen)) and asked <= set(seen)
    for wrong in ("history?before=x", "history?before=" + "0" * 36, "history?before=a&before=b"):
        assert alice.get(wrong).status_code == 400
    assert "Nothing has been decided" in alice.get("history?before=00000000-0000-0000-0000-000000000000").text


def test_what_an_agent_did_is_what_this_principal_did(console, alice):
    assert console.aws("sts", "get-caller-identity").returncode == 0
    issuer = console.sql("SELECT DISTINCT issuer FROM postern_audit.calls")[0][0]
    own, other = ask(console, issuer=issuer), ask(console, issuer="https://elsewhere.example")
    assert "sts.GetCallerIdentity" in alice.get(f"approvals/{own}").text
    page = alice.get(f"approvals/{other}").text
    assert "sts.GetCallerIdentity" not in page and "Nothing else" in page


def test_bodies_and_headers_are_bounded(console, alice):
    identifier = ask(console)
    form = {"Cookie": session(alice), "Content-Type": "application/x-www-form-urlencoded"}
    assert console.send("POST", f"{BASE}approvals/{identifier}", form, b"reason=" + b"a" * 20_000).status == 413
    assert console.send("POST", f"{BASE}approvals/{identifier}", form, b"a=1&" * 5_000).status in (400, 413)
    assert console.send("GET", BASE + "?" + "a" * 9_000, {"Cookie": session(alice)}).status in (404, 414)


def test_every_answer_forbids_framing_sniffing_and_keeping(console, alice):
    targets = [("", 200), ("calls", 200), ("nothing", 404), ("signed-out", 200), ("callback?state=x", 403)]
    for path, status in targets:
        answer = console.send("GET", BASE + path, {"Cookie": session(alice)})
        assert answer.status == status
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"


def test_revoking_a_person_ends_his_session(console):
    login = PlainLogin(console, "bob").log_in()
    assert login.get("history").status_code == 200
    principal = console.sql("SELECT issuer || '#' || subject FROM postern.live_console_session WHERE name = 'bob' LIMIT 1")
    console.sql(f"SELECT postern.revoke('principal', '{principal[0][0]}', 'left')")
    assert login.get("history").status_code == 303


def test_a_database_that_is_away_decides_nothing(console, alice):
    identifier = ask(console)
    with console.stopped(console.database_pids()):
        answer = console.send("GET", f"{BASE}approvals/{identifier}", {"Cookie": session(alice)})
        assert answer.status == 503
    console.wait_healthy()
    assert console.send("GET", f"{BASE}approvals/{identifier}", {"Cookie": session(alice)}).status == 200
