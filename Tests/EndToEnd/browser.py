"""Debian's Chromium, driven by Selenium: one profile a person, who logs in at the stack's real provider."""

import base64
import contextlib
import hashlib
import json
import os
import pathlib
import time

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

DRIVER = "/usr/bin/chromedriver"


class Browser:
    """One person's browser."""

    def __init__(self, stack, name=None, javascript=True, width=1280, height=900, dark=False):
        self.stack, self.name = stack, name
        self.base = f"{stack.url}/_postern/console/"
        options = webdriver.ChromeOptions()
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                         "--no-proxy-server", f"--window-size={width},{height}",
                         f"--ignore-certificate-errors-spki-list={pin(stack)}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        if not javascript:
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        self.driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        self.resize(width, height)
        if dark:
            self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
                "features": [{"name": "prefers-color-scheme", "value": "dark"}]})
        if name and javascript:
            self.log_in()

    def resize(self, width, height):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})

    def close(self):
        with contextlib.suppress(WebDriverException):
            self.driver.quit()

    def log_in(self, path=""):
        """Opens a page of the console, and goes through the provider's pages until it is there."""
        password = json.loads((self.stack.home / "oidc" / "users.json").read_text())[self.name]
        self.driver.get(self.base + path)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.driver.current_url.startswith(self.base):
                return self
            with contextlib.suppress(WebDriverException):
                self.take_a_step_at_the_provider(password)
            time.sleep(0.2)
        raise AssertionError(f"not logged in: {self.driver.current_url}")

    def take_a_step_at_the_provider(self, password):
        for field in self.all("#username"):
            if not field.get_attribute("value"):
                field.send_keys(self.name)
                self.one("#password").send_keys(password)
                self.one("button[type=submit]").click()
                return
        for box in self.all("input[type=checkbox]"):
            if not box.is_selected():
                box.click()
        for button in self.all("button"):
            if button.is_displayed() and button.is_enabled() and button.text.strip() in ("Grant access", "Continue"):
                button.click()
                return

    def open(self, path=""):
        self.driver.get(self.base + path)
        return self

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    @property
    def text(self):
        return self.one("body").text

    def wait_for(self, text, seconds=15):
        """Until the page says so, by itself."""
        WebDriverWait(self.driver, seconds, ignored_exceptions=(WebDriverException,)).until(
            lambda _: text in self.text, f"the page never said {text!r}")

    def vote(self, verdict, reason=None):
        if reason is not None:
            self.one("#reason").send_keys(reason)
        self.one(f"button[value={verdict}]").click()

    def run(self, script, *arguments):
        return self.driver.execute_async_script(script, *arguments)

    def complaints(self):
        """What the console of the page complained about: refused scripts, missing files, errors."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] == "SEVERE" and self.base in entry["message"]]

    def session_cookie(self):
        return self.driver.get_cookie("__Host-postern-console")

    def screenshot(self, name):
        """The whole page, kept as an artefact of the run."""
        directory = pathlib.Path(os.environ.get("POSTERN_TEST_LOGS") or self.stack.home) / "screenshots"
        directory.mkdir(parents=True, exist_ok=True)
        whole = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
        (directory / f"{name}.png").write_bytes(base64.b64decode(whole["data"]))


def pin(stack):
    """The stack's own certificate, and no other, is taken without a known authority."""
    certificate = x509.load_pem_x509_certificate((stack.home / "tls" / "cert.pem").read_bytes())
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()
