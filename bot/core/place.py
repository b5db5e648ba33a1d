"""Where a turn stands: the conversation as it is now, what to do, what happened, and the words of this moment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.core import safety
from bot.core.conversation import Conversation, Frame, changed
from bot.core.effects import DoAction, Effect, Say, Speech, Trod
from bot.core.events import Message
from bot.core.flow import Clinic, Flow, Step, Value
from bot.core.names import Names


class Stranded(Exception):
    """A flow leads nowhere: a step is missing, or it never comes to a question. A person must take over."""


class Place:
    """One turn under way, without the walking: read and change where it stands, and say words."""

    def __init__(self, clinic: Clinic, conversation: Conversation, now: int) -> None:
        self.clinic = clinic
        self.conversation = conversation
        self.now = now
        self.effects: list[Effect] = []
        self.trace: list[Trod] = []
        self.asked: DoAction | None = None
        self.heard: Message | None = None
        """What the patient said in this turn."""

    # ---- where we are

    @property
    def frame(self) -> Frame:
        """The running flow's frame."""
        if not self.conversation.stack:
            raise Stranded("nothing is running")
        return self.conversation.stack[-1]

    @property
    def flow(self) -> Flow:
        """The running flow."""
        flow = self.clinic.flow(self.frame.flow, self.frame.edition)
        if flow is None:
            raise Stranded(f"no flow {self.frame.flow}")
        return flow

    @property
    def step(self) -> Step:
        """The step the running flow stands at."""
        try:
            return self.flow.steps[self.frame.step]
        except KeyError:
            raise Stranded(f"no step {self.frame.flow}.{self.frame.step}") from None

    @property
    def names(self) -> Names:
        """What texts and conditions may name now."""
        saved = self.conversation.stack[-1].saved if self.conversation.stack else {}
        return Names(self.clinic, self.conversation, saved)

    def change(self, **fields: Any) -> None:
        """Change fields of the conversation."""
        self.conversation = changed(self.conversation, **fields)

    def set(self, **fields: Any) -> None:
        """Change fields of the running frame."""
        self.change(stack=(*self.conversation.stack[:-1], replace(self.frame, **fields)))

    def save(self, name: str | None, value: Value) -> None:
        """Save a value under ``name`` in the running flow."""
        if name:
            self.set(saved={**self.frame.saved, name: value})

    def trod(self, way: str) -> None:
        """Record a way taken from the current step."""
        frame = self.conversation.running
        self.trace.append(Trod(frame.flow, frame.step, way) if frame else Trod("", "", way))

    def raise_control(self) -> None:
        """Count a change of who may speak."""
        self.change(control_version=self.conversation.control_version + 1, control_since=self.now)

    # ---- words

    def text(self, name: str) -> str:
        """One of the engine's own sentences in the patient's language, unfilled."""
        return self.clinic.texts[name].in_language(self.conversation.language)

    def say(self, words: str, speech: Speech = "reply") -> None:
        """Say words that are ready to be read."""
        if words:
            self.effects.append(Say(words, speech))

    def say_text(self, name: str, speech: Speech = "reply") -> None:
        """Say one of the engine's own sentences."""
        self.say(self.names.render(self.text(name)), speech)

    def with_footer(self, words: str) -> str:
        """The words, with the safety line if the patient has not read it for a day: no lexicon finds everything."""
        if self.now - self.conversation.footer_at < safety.FOOTER_EVERY_SECONDS:
            return words
        self.change(footer_at=self.now)
        return f"{words}\n\n{safety.footer(self.conversation.language)}".strip()
