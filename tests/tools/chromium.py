"""The system's Chromium, for the tests in a real browser."""

import os
import shutil
from contextlib import contextmanager

EXECUTABLE = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    *(["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []),  # root cannot have the sandbox
]
MISSING = "needs Chromium, from the system's packages"


@contextmanager
def started():
    """A browser of Playwright's, closed at the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
        yield browser
        browser.close()
