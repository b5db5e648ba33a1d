"""The rules of axe (WCAG and good practice), on a page as it stands in the browser."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# Only what is broken comes over: what axe tells of the rules that hold takes as long to bring as to find out.
BROKEN = "axe.run({resultTypes: ['violations']}).then(({violations}) => violations)"


def broken_rules(page: Page) -> list[str]:
    """The rules that a page breaks, with where."""
    page.evaluate(Axe().axe_script)
    return [f"{page.url} {rule['id']}: {[node['html'] for node in rule['nodes']]}" for rule in page.evaluate(BROKEN)]
