"""Going through all pages with a browser that notices whatever a page was made to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from playwright.sync_api import Error, Page

from tests.browser.scene import Scene, pages
from tests.browser.test_desk_look import Desk
from tests.web.desk_pages import ADA, Front

LISTENS = """
window.refused = [];
addEventListener("securitypolicyviolation", (event) => refused.push(`${event.violatedDirective}: ${event.blockedURI}`));
"""
FOREIGN = """() => [
  ...refused,
  ...[...document.querySelectorAll("*")].filter((one) =>
    [...one.attributes].some(({ name, value }) => /^on|^style$|^xlink:|^(data-)?hx-on/.test(name)
      || (/^(href|src|action|formaction|data)$/.test(name)
        && !/^(\\/(?!\\/)|#|http:\\/\\/127\\.0\\.0\\.1|tel:\\+[0-9]{5,15}$)/.test(value))))
    .map((one) => one.outerHTML.slice(0, 200)),
  ...[...document.querySelectorAll("iframe, object, embed, base, style, math, template, script:not([src^='/static/'])")]
    .map((one) => one.outerHTML.slice(0, 200)),
]"""
"""Whatever our own templates never write: handlers, styles, addresses of others, and elements that fetch or run. A
number that a tap calls is none of these."""

WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [location.pathname + location.search,
  ...[...document.querySelectorAll("main *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
    .slice(-2).map((one) => one.outerHTML.slice(0, 150))]"""


class Walker(Desk):
    """A desk whose pages are looked at one after the other; ``wrong`` is what any of them did that none should."""

    def watches(self) -> None:
        self.page.add_init_script(LISTENS)
        self.page.on("dialog", lambda dialog: (self.wrong.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.on("request", lambda request: self._sees(request.url))
        self.page.on("popup", lambda page: self.wrong.append(f"popup {page.url}"))

    def _sees(self, url: str) -> None:
        if not url.startswith((self.url, "data:")):
            self.wrong.append(f"request {url}")

    def walks(self, paths: Iterable[str]) -> Iterator[str]:
        """Open each page that is one; its address, while one looks at it."""
        for path in paths:
            try:
                self.opens(path)
            except Error as error:
                # A file and no page: there is nothing to look at.
                if "Download is starting" in str(error):
                    continue
                raise
            if self.page.evaluate("document.contentType") != "text/html":
                continue
            self._looks(path)
            yield path

    def finds(self, words: str) -> None:
        """Look for somebody: what is found is a page as well."""
        self.searches(words)
        self._looks("/desk/search")

    def _looks(self, path: str) -> None:
        self.wrong += [f"{path}: {one}" for one in self.page.evaluate(FOREIGN)]


def too_wide(page: Page) -> list[str]:
    """What one would have to scroll sideways for."""
    found: list[str] = page.evaluate(WIDE)
    return found


def signed_in_paths(front: Front, scene: Scene) -> list[str]:
    """All pages but those that end a session or need none."""
    return [path for path in pages(front, scene) if path not in ("/", "/desk/sign-in")]


__all__ = ["ADA", "Walker", "signed_in_paths", "too_wide"]
