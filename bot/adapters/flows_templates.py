"""Reads ``templates.yaml``: the words that WhatsApp has to approve, with every limit it has."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.adapters.flows_nodes import Entries, Items, Node, Scalar
from bot.adapters.flows_page import Page
from bot.core.flow import MessageTemplate, Text, Value
from bot.core.template import mistakes_in_body, mistakes_in_buttons, mistakes_in_sample

TEMPLATES_FILE = "templates.yaml"
_FACT = re.compile(r"\{clinic\.([^{}]+)\}")
_KEYS = ("body", "variables", "buttons")


def read_templates(page: Page, node: Node, facts: Mapping[str, Value]) -> dict[str, MessageTemplate]:
    """Every template of the file by its name, with the clinic's ``facts`` in it: WhatsApp approves their words too.

    What it would refuse is told as E62, in each language.
    """
    found = {}
    for key, value in page.named(node, "templates.yaml"):
        page.step = key.text
        entries = page.keys(value, f'the template "{key.text}"', _KEYS, ("body",))
        body = _with_facts(page.text(entries.values.get("body"), f"{key.text}.body", '"body"') or Text(""), facts)
        samples = _samples(page, entries.values.get("variables"), body.source)
        buttons = _buttons(page, entries.values.get("buttons"), key.text)
        found[key.text] = MessageTemplate(key.text, body, samples, buttons, key.line)
        _check(page, entries, found[key.text])
    page.step = ""
    return found


def _with_facts(text: Text, facts: Mapping[str, Value]) -> Text:
    def told(words: str) -> str:
        return _FACT.sub(lambda found: str(facts.get(found[1], found[0])), words)

    return Text(told(text.source), {language: told(words) for language, words in text.translations.items()})


def _samples(page: Page, node: Node | None, body: str) -> Mapping[str, str]:
    samples = {}
    for key, value in page.named(node, '"variables"') if node is not None else ():
        scalar = page.of(Scalar, value, f'the sample of "{key.text}"')
        samples[key.text] = scalar.text.strip() if scalar else ""
        for message, remedy in mistakes_in_sample(key.text, samples[key.text], body):
            page.fault("E62", key, message, remedy)
    return samples


def _buttons(page: Page, node: Node | None, name: str) -> tuple[Text, ...]:
    items = page.of(Items, node, '"buttons"')
    texts = [
        page.text(item, f"{name}.buttons.{at}", "a button") for at, item in enumerate(items.items if items else ())
    ]
    return tuple(text for text in texts if text is not None)


def _check(page: Page, entries: Entries, template: MessageTemplate) -> None:
    where = entries.values.get("body", entries)
    button_at = entries.values.get("buttons", entries)
    for language, body in [("", template.body.source), *template.body.translations.items()]:
        said = f"in {language}, " if language else ""
        for message, remedy in mistakes_in_body(body, template.samples) if body else ():
            page.fault("E62", where, said + message, remedy)
        for message, remedy in mistakes_in_buttons([one.in_language(language) for one in template.buttons]):
            page.fault("E62", button_at, said + message, remedy)
        lacking = [name for name in template.samples if f"{{{name}}}" not in body]
        if language and lacking:
            page.fault(
                "E62", where, f'{said}the body has no "{{{lacking[0]}}}".', "Every language needs every variable."
            )
