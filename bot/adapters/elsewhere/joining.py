"""Joins what stands in two places elsewhere and in one step here, before steps are made.

A question is elsewhere a message and then a wait (RapidPro), or a wait and then a split (Studio); "I did not
understand" is a message that leads back to the wait.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.adapters.elsewhere.shapes import Foreign, Node
from bot.core.flow import Text

SPLITS_MAX = 50
"""Splits on one answer that follow each other."""


def join(flow: Foreign) -> None:
    """Join questions with their words and their answers. Changes the flow's nodes."""
    for node in flow.nodes.values():
        if node.asks:
            _take_up_splits(flow, node)
    order = list(in_reading_order(flow))
    for node in order:
        if node.asks and not node.says:
            _take_up_words(flow, node, order)
    for node in order:
        if node.asks and node.cases:
            _take_up_not_understood(flow, node)


def in_reading_order(flow: Foreign) -> Iterator[Node]:
    """The nodes as a reader meets them, from the first one on; what no way leads to is not among them."""
    met: set[str] = set()
    waiting = [flow.first]
    while waiting:
        node = flow.nodes.get(waiting.pop())
        if node is None or node.id in met:
            continue
        met.add(node.id)
        yield node
        waiting += reversed(targets(node))


def targets(node: Node) -> list[str]:
    """Where a node leads: its answers first, then where it goes on, then where silence leads. A person goes nowhere."""
    if node.hands_over:
        return []
    ways = [*(case.goes for case in node.cases), node.otherwise, node.silent]
    return [way for way in dict.fromkeys(ways) if way]


def _take_up_splits(flow: Foreign, node: Node) -> None:
    """A split on the answer of this very question becomes its options."""
    for _ in range(SPLITS_MAX):
        split = flow.nodes.get(flow.after(node.otherwise))
        if split is None or not split.decides or split.decides != node.saves or split.says or split.hands_over:
            return
        node.cases += split.cases
        node.otherwise, split.joined = split.otherwise, node.id


def _take_up_words(flow: Foreign, node: Node, order: list[Node]) -> None:
    """The message before a wait is the question; other messages before it are said, and the question asked again."""
    before = [one for one in order if one.simple and one.says and flow.after(one.otherwise) == node.id]
    asked = next((one for one in before if one.id != node.otherwise), next(iter(before), None))
    if asked is None:
        flow.left(node.id, "This question has no words of its own.", "Write what the patient should read.")
        node.says = [Text("Please answer.")]
        return
    node.says, asked.says = asked.says, []
    node.replies = asked.replies


def _take_up_not_understood(flow: Foreign, node: Node) -> None:
    """What leads straight back to the question is its way to say that an answer was not understood."""
    sorry = flow.nodes.get(flow.after(node.otherwise))
    if sorry is None or (sorry is not node and not (sorry.simple and flow.after(sorry.otherwise) == node.id)):
        return
    if sorry is not node and sorry.says:
        node.not_understood = joined(sorry.says)
    if not any(case.bounds for case in node.cases):
        # A number out of bounds was understood: only its own step can say that it does not do.
        node.otherwise, sorry.joined = "", node.id if sorry is not node else ""


def joined(texts: list[Text]) -> Text:
    """Several texts as one message. A language counts as translated when each of them is."""
    languages = set.intersection(*(set(one.translations) for one in texts)) if texts else set()
    return Text(
        "\n\n".join(one.source for one in texts),
        {language: "\n\n".join(one.translations[language] for one in texts) for language in sorted(languages)},
    )
