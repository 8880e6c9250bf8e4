"""Fixtures that several test files share."""

import os
import shutil

import pytest

_CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium (Playwright, sync); without one the test is skipped.

    With REQUIRE_BROWSER=1 a missing Chromium is a failure.
    """
    # The first, without a window, opens a page with a fifth of the work.
    names = (
        "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome",
    )  # fmt: skip
    found = filter(None, map(shutil.which, names))
    path = os.environ.get("CHROMIUM") or next(found, None)
    if path is None:
        must = os.environ.get("REQUIRE_BROWSER") == "1"
        stop = pytest.fail if must else pytest.skip
        stop("no Chromium found: install one, or name it in the variable CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=_CHROMIUM_ARGS)
        yield chromium
        chromium.close()


@pytest.fixture(autouse=True)
def one_language():
    """Every test starts in Korean, whatever an earlier test chose."""
    from explore_transformers.language import use_language

    use_language("ko")
