"""The approvers' pages in a real browser: through nginx and the provider's own login page."""

import http.server
import importlib.resources
import subprocess
import threading
import time

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from browser import Browser
from console_stack import ask, state, votes

PROBE = "\"\u0301'><xss-probe onload=x()><img src=x onerror='window.xss=1'><script>window.xss=1</script>{{x}}\u202e"


def person(name):
    @pytest.fixture(scope="module", name=name)
    def fixture(console):
        browser = Browser(console, name)
        yield browser
        browser.close()
    return fixture


alice, bob, carol = person("alice"), person("bob"), person("carol")


@pytest.fixture(autouse=True)
def nothing_pending(console):
    """Each test sees its own requests alone."""
    console.sql("UPDATE postern.approval SET state = 'expired' WHERE state = 'pending'")


def start_agent(stack, name, value="blue"):
    words = ["aws", "ssm", "put-parameter", "--name", name, "--value", value, "--type", "String"]
    return subprocess.Popen(words, env=stack.sourced("agent.env"), stdin=subprocess.DEVNULL, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE), words


def finish_agent(stack, agent):
    """The agent does what it is told: where the call was not held long enough, it runs the same command again."""
    process, words = agent
    _, errors = process.communicate(timeout=90)
    if process.returncode == 0 or "pending" not in errors:
        return process.returncode, errors
    again = stack.aws(*words[1:])
    return again.returncode, again.stderr


def test_an_approver_sees_a_real_call_appear_and_lets_it_through_once(console, alice, upstream):
    alice.complaints()  # the provider's pages have some of their own
    alice.open()
    assert "Nothing waits" in alice.text
    agent = start_agent(console, "/e2e/approved")
    alice.wait_for("Put parameter", 30)
    assert alice.driver.title.startswith("(1)")
    alice.one(".card-link").click()
    assert "/e2e/approved" in alice.text
    assert "AskForParameters" in alice.text
    assert "ssm.PutParameter" in alice.text
    assert upstream.requests == []
    alice.screenshot("approval")
    alice.vote("approve")
    alice.wait_for("Approved")
    code, errors = finish_agent(console, agent)
    assert code == 0, errors
    assert len(upstream.requests) == 1
    assert console.sql("SELECT decision FROM postern_audit.calls WHERE operation = 'ssm.PutParameter' "
                       "ORDER BY ts DESC LIMIT 1") == [["approved"]]
    assert alice.complaints() == []


def test_a_denial_reaches_the_agent_with_no_call_made(console, alice, upstream):
    agent = start_agent(console, "/e2e/denied")
    alice.open().wait_for("Put parameter", 30)
    alice.one(".card-link").click()
    alice.vote("deny")
    # The browser itself asks for the reason.
    assert alice.run("arguments[0](document.querySelector('#reason').matches(':invalid'))")
    assert "Pending" in alice.one(".state").text
    alice.vote("deny", "not in production")
    alice.wait_for("not in production")
    code, errors = finish_agent(console, agent)
    assert code != 0
    assert "denied by a person" in errors
    assert upstream.requests == []


def test_nobody_decides_on_a_request_of_his_own(console, alice, bob):
    subject = console.sql("SELECT subject FROM postern.live_console_session WHERE name = 'alice' LIMIT 1")[0][0]
    identifier = ask(console, subject=subject)
    alice.open(f"approvals/{identifier}")
    assert "somebody else decides" in alice.text
    assert alice.all("form.decision") == []
    bob.open(f"approvals/{identifier}").vote("approve")
    bob.wait_for("Approved")
    assert state(console, identifier) == "approved"


def test_a_second_approver_is_a_second_person(console, alice, bob):
    identifier = ask(console, quorum=2, level="Permissions management", risks=["privilege-escalation"])
    alice.open(f"approvals/{identifier}").vote("approve", "first")
    alice.wait_for("1 of 2")
    alice.vote("approve", "first again")
    assert state(console, identifier) == "pending"
    assert votes(console, identifier) == ["approve"]
    bob.open(f"approvals/{identifier}").vote("approve", "second")
    bob.wait_for("Approved")
    # Alice's page, still open, says so by itself.
    alice.wait_for("second")
    assert state(console, identifier) == "approved"


def test_an_expired_request_cannot_be_decided(console, alice):
    identifier = ask(console, expires="4 seconds")
    alice.open(f"approvals/{identifier}")
    assert alice.all("form.decision")
    alice.wait_for("Nobody decided in time")
    assert alice.all("form.decision") == []


def test_a_double_click_decides_once(console, alice):
    identifier = ask(console)
    alice.open(f"approvals/{identifier}")
    ActionChains(alice.driver).double_click(alice.one("button[value=approve]")).perform()
    alice.wait_for("Approved")
    assert votes(console, identifier) == ["approve"]
    assert state(console, identifier) == "approved"


def test_two_browsers_at_once_decide_once(console, alice, bob):
    identifier = ask(console)
    alice.open(f"approvals/{identifier}")
    bob.open(f"approvals/{identifier}")
    bob.one("#reason").send_keys("no")
    clicks = [threading.Thread(target=alice.one("button[value=approve]").click),
              threading.Thread(target=bob.one("button[value=deny]").click)]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    assert len(votes(console, identifier)) == 1
    decided = state(console, identifier)
    assert decided in ("approved", "denied")
    loser = bob if decided == "approved" else alice
    loser.wait_for("Somebody else decided first" if "decided first" in loser.text else decided.capitalize())


def test_who_is_no_approver_sees_nothing(console, carol):
    identifier = ask(console)
    carol.open()
    assert "Nothing waits" in carol.text
    carol.open(f"approvals/{identifier}")
    assert "no such request" in carol.text
    carol.open("calls")
    assert "for approvers" in carol.text


def test_no_text_of_an_agent_runs_or_deceives(console, alice):
    alice.complaints()  # those of earlier tests
    identifier = ask(console, text=PROBE, risks=["x"])
    for path in ("", f"approvals/{identifier}"):
        alice.open(path)
        time.sleep(2.5)  # the live part replaces itself meanwhile
        assert alice.all("xss-probe") == [] and alice.all("img[src=x]") == []
        assert alice.run("arguments[0](window.xss === undefined)")
        assert "<xss-probe onload=x()>" in alice.text
        assert "\u202e" not in alice.text
    alice.vote("approve", PROBE)
    for path in (f"approvals/{identifier}", "history"):
        alice.open(path)
        assert alice.all("xss-probe") == [] and alice.run("arguments[0](window.xss === undefined)")
    assert alice.complaints() == []


def test_other_sites_and_scripts_of_the_same_origin_get_nothing(console, alice):
    identifier = ask(console)
    action = f"{console.url}/_postern/console/approvals/{identifier}"
    page = f"<form method=post action={action}><input name=verdict value=approve></form><script>forms[0].submit()</script>"
    page = page.replace("forms[0]", "document.forms[0]").encode()

    class Elsewhere(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        alice.driver.get(f"http://127.0.0.1:{server.server_port}/")
        alice.wait_for("Nothing was decided")
    finally:
        server.shutdown()
    # The gateway's origin also serves what agents store; this stands for a script in an object of theirs.
    alice.driver.get(f"{console.url}/_postern/health/live")
    fetched = alice.run("fetch(arguments[0]).then((answer) => arguments[1](answer.status))", action)
    assert fetched == 403
    framed = alice.run("""
        const frame = document.createElement("iframe");
        frame.src = arguments[0];
        frame.onload = () => {
          let text = "";
          try { text = frame.contentDocument ? frame.contentDocument.body.textContent : ""; } catch { text = ""; }
          arguments[1](text);
        };
        document.body.append(frame);""", action)
    assert "Approve" not in framed
    opened = alice.run("""
        const page = open(arguments[0]);
        setTimeout(() => {
          let text = "";
          try { text = page && page.document && page.document.body ? page.document.body.textContent : ""; } catch { text = ""; }
          arguments[1](text);
        }, 2500);""", action)
    assert "Approve" not in opened
    for extra in alice.driver.window_handles[1:]:
        alice.driver.switch_to.window(extra)
        alice.driver.close()
    alice.driver.switch_to.window(alice.driver.window_handles[0])
    assert state(console, identifier) == "pending"
    assert votes(console, identifier) == []


def test_a_page_that_an_agent_stored_runs_nothing(console, alice, direct):
    direct("s3").create_bucket(Bucket="e2e-pages")
    page = b"<title>harmless</title><p>stored by an agent</p><script>document.title = 'it ran'</script>"
    direct("s3").put_object(Bucket="e2e-pages", Key="page.html", Body=page, ContentType="text/html")
    keys = console.assume((console.home / "agent.jwt").read_text())
    agent = console.client("s3", keys, signature_version="s3v4", s3={"addressing_style": "path"})
    presigned = agent.generate_presigned_url("get_object", {"Bucket": "e2e-pages", "Key": "page.html"})
    alice.driver.get(presigned)
    alice.wait_for("stored by an agent")
    assert alice.driver.title == "harmless"
    path = presigned.removeprefix(console.url)
    headers = console.send("GET", path).headers
    assert headers["content-security-policy"] == "sandbox"
    assert headers["x-content-type-options"] == "nosniff"


def test_signing_out_ends_the_session_everywhere(console):
    browser = Browser(console, "bob")
    try:
        cookie = browser.session_cookie()
        assert cookie["secure"] and cookie["httpOnly"] and cookie["sameSite"] == "Lax" and cookie["path"] == "/"
        old = {"Cookie": f"__Host-postern-console={cookie['value']}"}
        assert console.send("GET", "/_postern/console/history", old).status == 200
        browser.one(".who button").click()
        browser.wait_for("Signed out")
        assert browser.session_cookie() is None
        browser.driver.back()
        time.sleep(1)
        assert "Waiting for a decision" not in browser.text
        assert console.send("GET", "/_postern/console/history", old).status == 303
    finally:
        browser.close()


def test_a_link_leads_to_its_request_after_signing_in(console):
    identifier = ask(console)
    browser = Browser(console)
    try:
        browser.name = "alice"
        browser.log_in(f"approvals/{identifier}")
        assert browser.driver.current_url.endswith(f"approvals/{identifier}")
        assert browser.all("form.decision")
    finally:
        browser.close()


def test_everything_works_without_javascript(console, alice):
    identifier = ask(console)
    browser = Browser(console, javascript=False)
    try:
        browser.open("signed-out")
        cookie = alice.session_cookie()
        browser.driver.add_cookie({name: cookie[name] for name in
                                   ("name", "value", "path", "secure", "httpOnly", "sameSite")})
        browser.open()
        browser.one(".card-link").click()
        browser.vote("deny", "no script, no problem")
        browser.wait_for("no script, no problem")
        assert state(console, identifier) == "denied"
    finally:
        browser.close()


def test_the_keyboard_is_enough(console, alice):
    identifier = ask(console)
    alice.open()
    reached = False
    for _ in range(12):
        ActionChains(alice.driver).send_keys(Keys.TAB).perform()
        if alice.driver.switch_to.active_element.get_attribute("class") == "card-link":
            reached = True
            break
    assert reached
    ActionChains(alice.driver).send_keys(Keys.ENTER).perform()
    alice.wait_for("What it would do")
    for _ in range(40):
        ActionChains(alice.driver).send_keys(Keys.TAB).perform()
        if alice.driver.switch_to.active_element.get_attribute("value") == "approve":
            break
    outline = alice.run("arguments[0](getComputedStyle(document.activeElement).outlineStyle)")
    assert outline == "solid", "the focus cannot be seen"
    ActionChains(alice.driver).send_keys(Keys.ENTER).perform()
    alice.wait_for("Approved")
    assert state(console, identifier) == "approved"


PAGES = ("", "approvals/{id}", "history", "calls", "calls/{call}", "signed-out")


def pages(console):
    identifier = ask(console, quorum=2, risks=["privilege-escalation", "data-exfiltration"], level="Write")
    call = console.sql("SELECT id FROM postern_audit.calls ORDER BY ts DESC LIMIT 1")
    if not call:
        assert console.aws("sts", "get-caller-identity").returncode == 0
        call = console.sql("SELECT id FROM postern_audit.calls ORDER BY ts DESC LIMIT 1")
    return [path.format(id=identifier, call=call[0][0]) for path in PAGES]


@pytest.mark.parametrize("width,height,dark", [(1280, 900, False), (1280, 900, True), (360, 740, False), (360, 740, True)],
                         ids=["wide-light", "wide-dark", "phone-light", "phone-dark"])
def test_every_page_is_accessible_and_fits(console, alice, width, height, dark):
    axe = importlib.resources.files("axe_core_python").joinpath("axe.min.js").read_text()
    alice.complaints()  # those of earlier tests
    alice.resize(width, height)
    alice.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
    try:
        for path in pages(console):
            alice.open(path)
            name = path.split("/")[0] or "pending"
            name = name + "-detail" if "/" in path else name
            alice.screenshot(f"{name}-{width}-{'dark' if dark else 'light'}")
            assert alice.run("arguments[0](document.scrollingElement.scrollWidth <= innerWidth)"), f"{path} is too wide"
            alice.driver.execute_script(axe)
            found = alice.run("axe.run().then((result) => arguments[0](result.violations))")
            told = [(rule["id"], [node["html"] for node in rule["nodes"]][:3]) for rule in found]
            assert told == [], f"{path}: {told}"
        assert alice.complaints() == []
    finally:
        alice.resize(1280, 900)
        alice.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
