"""The pages of made-up companies, and a browser that opens them and notes all they complain of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from pipelines.scorecard.page import page as written
from pipelines.scorecard.reviews import shelf
from tests.browser.company import company
from tests.browser.pages import NAMES, REVIEWS, Open


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    companies = {
        "small": company(NAMES),
        "six": company(["Alpha", "Beta", "Gamma", "Delta", "Epsilon", "Zeta"]),
        "empty": company([]),
        "large": company([f"Model {i}" for i in range(100)]),
    }
    for name, tables in companies.items():
        text = written(tables, "Acme <b>& Co", "2026-03-02T04:00:00Z", folder / "kept", shelf.links(REVIEWS))
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in companies}


@pytest.fixture
def opened(browser: Browser, files: dict[str, Path]) -> Iterator[Open]:
    """Opens one of the pages; beside it, a list that fills with all it complains of and all it asks others for."""
    contexts = []

    def open_(name: str = "small", address: str = "", **options: Any) -> tuple[Page, list[str]]:
        context = browser.new_context(**{"viewport": {"width": 1300, "height": 900}, **options})
        contexts.append(context)
        page, heard = context.new_page(), list[str]()
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("dialog", lambda dialog: (heard.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else heard.append(r.url))
        page.goto(f"{files[name].as_uri()}{address}")
        page.wait_for_selector("html[data-ready]")
        return page, heard

    yield open_
    for context in contexts:
        context.close()
