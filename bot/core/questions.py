"""Asking: what a question offers at this moment, in pages where it is much, and the ids its buttons carry."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from bot.core.conversation import Conversation, Open, Shown
from bot.core.effects import Choice, Say
from bot.core.flow import Ask, Value
from bot.core.names import label
from bot.core.place import Place, Stranded
from bot.core.wishes import fitting

LIST_ITEMS_MAX = 10
"""Rows of a WhatsApp list; longer lists are shown in pages of nine and "More"."""

About = Literal["step", "continue", "faq"]


class Questions(Place):
    """A place that can ask."""

    def ask(self) -> None:
        """Ask the question of the current step, offering what it offers now."""
        ask = self.step.body
        assert isinstance(ask, Ask)
        shown = self.offered(ask)
        if not shown and ask.type is None:
            raise Stranded(f"{self.frame.flow}.{self.frame.step} has nothing to offer")
        if len(shown) > LIST_ITEMS_MAX:
            size = LIST_ITEMS_MAX - 1
            pages = -(-len(shown) // size)
            first = (self.frame.page % pages) * size
            shown = (*shown[first : first + size], Shown("more", self.text("more"), "more"))
        words = self.names.render(ask.text.in_language(self.conversation.language))
        self.set(asked=self.frame.asked or self.conversation.turn)
        self._offer(words, shown, about="step", silent_after=ask.silent[0].after_seconds if ask.silent else 0)

    @property
    def asking(self) -> Ask | None:
        """The question the running flow stands at, if it stands at one."""
        body = self.step.body if self.conversation.stack else None
        return body if isinstance(body, Ask) else None

    def offered(self, ask: Ask, besides: Collection[str] = ()) -> tuple[Shown, ...]:
        """Every option a question has now, in the patient's language, on however many pages, except some ids."""
        language = self.conversation.language
        values = self.option_values(ask)
        if first := fitting(self.frame.wish, values):
            values = {id: values[id] for id in (*first, *(id for id in values if id not in first))}
        own = [
            Shown(option.id, self.names.render(option.label.in_language(language)))
            for option in (*ask.options, *ask.more_options)
            if option.id not in besides
        ]
        return (*(Shown(id, label(value, language)) for id, value in values.items() if id not in besides), *own)

    def option_values(self, ask: Ask) -> dict[str, Mapping[str, Value]]:
        """The values behind ``options from``, by option id: what an action found, or one of the clinic's lists."""
        if ask.options_from is None:
            return {}
        values = self.frame.saved.get(ask.options_from)
        if not isinstance(values, tuple | list):
            values = self.clinic.lists.get(ask.options_from, ())
        return {str(value.get("id", "")): value for value in values if isinstance(value, Mapping)}

    def _offer(self, words: str, shown: Sequence[Shown], about: About, silent_after: int = 0) -> None:
        turn = self.conversation.turn
        descriptions = self._descriptions()
        choices = tuple(
            Choice(button_id(self.conversation, turn, one.id), one.label, descriptions.get(one.id, "")) for one in shown
        )
        button, hint = (self.text("list button"), self.text("numbered")) if choices else ("", "")
        self.effects.append(Say(words, choices=choices, list_button=button, hint=hint))
        self.change(
            open=Open(turn, tuple(shown), asked_at=self.now, about=about),
            silence_due=self.now + silent_after if silent_after else 0,
        )

    def offer_to_choose(self, words: str, meant: Sequence[Shown]) -> None:
        """Offer FAQ questions, or flows, that may have been meant; there is always "none of these"."""
        none = Shown("none", self.text("none of these"), "none")
        self._offer(words, (*meant, none), about="faq")

    def offer_again(self, words: str, some: Sequence[Shown]) -> None:
        """Ask which of some shown options was meant; the open question stays what it is about."""
        about = self.conversation.open.about if self.conversation.open else "step"
        self._offer(words, some, about=about)

    def _descriptions(self) -> dict[str, str]:
        body = self.step.body if self.conversation.stack else None
        if not isinstance(body, Ask):
            return {}
        language = self.conversation.language
        own: dict[str, str] = {
            option.id: option.description.in_language(language)
            for option in (*body.options, *body.more_options)
            if option.description
        }
        found = {id: str(value.get("description") or "") for id, value in self.option_values(body).items()}
        return {**found, **own}


def button_id(conversation: Conversation, turn: int, option: str) -> str:
    """What a button carries: conversation, turn and option, so that a tap on an old one is known as old."""
    return f"{conversation.id[:8]}.{turn}.{option}"


def read_button(conversation: Conversation, button: str) -> tuple[int, str] | None:
    """Turn and option of a button of this conversation, or None when it is none of ours."""
    owner, _, rest = button.partition(".")
    turn, _, option = rest.partition(".")
    if owner != conversation.id[:8] or not turn.isdecimal() or not option:
        return None
    return int(turn), option
