"""Walking the steps of a flow within one turn, and everything the engine itself says.

A :class:`Walk` is the only mutable thing in the core: it lives for one call of :func:`bot.core.turn.take_turn`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, assert_never

from bot.core.actions import ACTIONS
from bot.core.conversation import Conversation, Frame, Open, Passed, Shown
from bot.core.effects import Choice, DoAction, Effect, Note, PassToPerson, Say, Speech, Trod
from bot.core.events import Outcome
from bot.core.flow import (
    Ask,
    Check,
    Clinic,
    Do,
    Flow,
    HandOver,
    Option,
    Run,
    Step,
    Stop,
    Target,
    Value,
)
from bot.core.flow import Say as SayBody
from bot.core.names import Names, label

STEPS_MAX = 100
"""Steps walked in one turn without a question. More is a loop that the checks did not find."""
LIST_ITEMS_MAX = 10
"""Rows of a WhatsApp list; longer lists are shown in pages of nine and "More"."""
STACK_MAX = 10
"""Flows running inside each other; deeper is a loop of flows."""


class Stranded(Exception):
    """A flow leads nowhere: a step is missing, or it never comes to a question. A person must take over."""


class Walk:
    """One turn under way: the conversation as it is now, what to do, what happened."""

    def __init__(self, clinic: Clinic, conversation: Conversation, now: int) -> None:
        self.clinic = clinic
        self.conversation = conversation
        self.now = now
        self.effects: list[Effect] = []
        self.trace: list[Trod] = []
        self.asked: DoAction | None = None

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
        try:
            return self.clinic.flows[self.frame.flow]
        except KeyError:
            raise Stranded(f"no flow {self.frame.flow}") from None

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
        self.conversation = replace(self.conversation, **fields)

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
        self.change(control_version=self.conversation.control_version + 1)

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

    # ---- starting, ending, going on

    def start(self, flow: str, then: str = "go on", inputs: Mapping[str, Value] | None = None) -> None:
        """Run a flow on top of what runs, and walk it."""
        if flow not in self.clinic.flows:
            raise Stranded(f"no flow {flow}")
        if len(self.conversation.stack) >= STACK_MAX:
            raise Stranded(f"more than {STACK_MAX} flows inside each other")
        frame = Frame(flow, self.clinic.flows[flow].first.name, dict(inputs or {}), then=then)  # type: ignore[arg-type]
        self.change(stack=(*self.conversation.stack, frame), open=None, silence_due=0)
        self.trod("started")
        self.walk()

    def follow(self, target: Target) -> None:
        """Go where a target leads and walk on."""
        if self._arrive(target):
            self.walk()

    def walk(self) -> None:
        """Walk until a step waits or nothing runs."""
        for _ in range(STEPS_MAX):
            target = self._enter(self.step)
            if target is None or not self._arrive(target):
                return
        raise Stranded(f"{STEPS_MAX} steps without a question at {self.frame.flow}.{self.frame.step}")

    def _arrive(self, target: Target) -> bool:
        """Stand where a target leads. False when nothing is left to walk in this turn."""
        if target.step is not None:
            self.set(step=target.step, tries=0, page=0)
            return True
        return self.end_flow(target.end or "")

    def end_flow(self, how: str) -> bool:
        """End the running flow under a name. True when the one below has to be walked on."""
        self.trod(f"end {how}")
        ended, below = self.frame, self.conversation.stack[:-1]
        self.change(stack=below, open=None, silence_due=0)
        if not below:
            return False
        match ended.then:
            case "return":
                self.ask_again()
                return False
            case "ask":
                self._ask_whether_to_continue()
                return False
            case "go on":
                return True

    def _ask_whether_to_continue(self) -> None:
        title = self.flow.title.in_language(self.conversation.language)
        question = self.text("continue question").replace("{title}", title)
        shown = (
            Shown("continue", self.text("continue yes"), "continue"),
            Shown("drop", self.text("continue no"), "drop"),
        )
        self._offer(self.names.render(question), shown, about="continue")

    def drop_all(self, way: str) -> None:
        """Leave every running flow without a word, giving back what they hold."""
        while self.conversation.stack:
            self.undo(())
            self.trod(way)
            self.change(stack=self.conversation.stack[:-1])
        self.change(open=None, silence_due=0)

    def undo(self, keep: Sequence[str]) -> None:
        """Take back what the running flow opened, except what is in ``keep``."""
        for thing, action in self.frame.opened.items():
            if thing not in keep:
                self.effects.append(DoAction(action, quiet=True))
        self.set(opened={thing: action for thing, action in self.frame.opened.items() if thing in keep})

    # ---- steps

    def _enter(self, step: Step) -> Target | None:
        """Enter a step: where to go on, or None when it waits."""
        if step.at_most is not None:
            times = self.frame.entered.get(step.name, 0) + 1
            if times > step.at_most and step.after_that is not None:
                self.trod("at most")
                return step.after_that
            self.set(entered={**self.frame.entered, step.name: times})
        return self._do_body(step)

    def _do_body(self, step: Step) -> Target | None:
        match step.body:
            case Ask():
                self.ask()
                return None
            case Do():
                self._ask_for(step.body)
                return None
            case Run():
                self._run(step.body, step.goes)
                return None
            case HandOver():
                self._pass_on(step.body, step.goes)
                return None
            case Check():
                return self._check(step.body)
            case SayBody(text=text):
                self.say(self.names.render(text.in_language(self.conversation.language)))
                self.trod("said")
            case Stop():
                pass
            case _:
                assert_never(step.body)
        return step.goes

    def _pass_on(self, step: HandOver, goes: Target) -> None:
        self.hand_over(step.reason, step.say.in_language(self.conversation.language) if step.say else None)
        if goes.step is not None:
            self.set(step=goes.step)
        else:
            self.drop_all(f"end {goes.end}")

    def _run(self, run: Run, goes: Target) -> None:
        inputs = {name: self.names.value(source) for name, source in run.inputs.items()}
        self.run_flow(run.flow, goes, inputs)

    def run_flow(self, flow: str, goes: Target, inputs: Mapping[str, Value] | None = None) -> None:
        """Run a flow and go on at ``goes`` when it ends. A flow with nothing left to do makes room first."""
        self.trod(f"run {flow}")
        if goes.step is not None:
            self.set(step=goes.step, tries=0, page=0)
            self.start(flow, inputs=inputs)
            return
        then = self.frame.then
        self.change(stack=self.conversation.stack[:-1])
        self.start(flow, then=then, inputs=inputs)

    def _check(self, check: Check) -> Target:
        for index, (condition, target) in enumerate(check.ways):
            if self.names.holds(condition):
                self.trod(f"way {index + 1}")
                return target
        self.trod("otherwise")
        return check.otherwise

    def _ask_for(self, do: Do) -> None:
        inputs = {}
        for name, source in do.inputs.items():
            literal = source.startswith('"') and source.endswith('"') and len(source) > 1
            inputs[name] = source[1:-1] if literal else self.names.value(source)
        self.asked = DoAction(do.action, inputs)
        self.effects.append(self.asked)

    def came_out(self, do: Do, outcome: Outcome) -> None:
        """Take up the outcome of the action the current step asked for."""
        self.trod(f"outcome {outcome.name}")
        if outcome.value is not None:
            self.save(do.save_as, outcome.value)
        declared = ACTIONS.get(do.action)
        if declared is not None:
            self._account(declared.opens.get(outcome.name), declared.closes.get(outcome.name), declared.undo)
            if declared.needs_confirmation and outcome.name in declared.gives and declared.gives[outcome.name]:
                # What is booked cannot be taken back by "back": it is cancelled in its own flow.
                self.set(passed=())
        try:
            target = do.outcomes[outcome.name]
        except KeyError:
            raise Stranded(f"{self.frame.flow}.{self.frame.step} does not handle {outcome.name}") from None
        self.follow(target)

    def _account(self, opens: str | None, closes: str | None, undo: str | None) -> None:
        opened = dict(self.frame.opened)
        if opens and undo:
            opened[opens] = undo
        if closes:
            opened.pop(closes, None)
        self.set(opened=opened)

    def hand_over(self, reason: str, words: str | None = None, urgent: bool = False) -> None:
        """Pass the conversation to a person. Without ``words`` the engine's own sentence is said; '' says nothing."""
        words = self.text("handed over") if words is None else words
        self.say(self.names.render(words), "notice")
        self.trod("handed over")
        self.effects.append(PassToPerson(reason, urgent))
        if self.conversation.control == "held":
            self.change(urgent=self.conversation.urgent or urgent)
            return
        since = self.conversation.waiting_since or self.now
        self.raise_control()
        self.change(
            control="waiting",
            reason=reason,
            urgent=self.conversation.urgent or urgent,
            waiting_since=since,
            silence_due=0,
            holding_texts=0,
            holding_text_at=self.now,
        )

    # ---- questions

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
        self._offer(words, shown, about="step", silent_after=ask.silent[0].after_seconds if ask.silent else 0)

    def offered(self, ask: Ask) -> tuple[Shown, ...]:
        """Every option a question has now, in the patient's language, on however many pages."""
        language = self.conversation.language
        values = self.option_values(ask)
        own = [
            Shown(option.id, self.names.render(option.label.in_language(language)))
            for option in (*ask.options, *ask.more_options)
        ]
        return (*(Shown(id, label(value, language)) for id, value in values.items()), *own)

    def option_values(self, ask: Ask) -> dict[str, Mapping[str, Value]]:
        """The values behind ``options from``, by option id: what an action found, or one of the clinic's lists."""
        if ask.options_from is None:
            return {}
        values = self.frame.saved.get(ask.options_from)
        if not isinstance(values, tuple | list):
            values = self.clinic.lists.get(ask.options_from, ())
        return {str(value.get("id", "")): value for value in values if isinstance(value, Mapping)}

    def _offer(self, words: str, shown: Sequence[Shown], about: Any, silent_after: int = 0) -> None:
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

    def offer_faq(self, words: str, questions: Sequence[Shown]) -> None:
        """Offer FAQ questions to choose between."""
        self._offer(words, questions, about="faq")

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

    def ask_again(self) -> None:
        """Repeat the open question of the running flow, or walk on where it stands."""
        if not self.conversation.stack:
            return
        if isinstance(self.step.body, Ask):
            self.ask()
        else:
            self.walk()

    def answered(self, option: Option | None, value: Value, way: str) -> None:
        """Take an answer to the open question and go on."""
        step, ask = self.step, self.step.body
        assert isinstance(ask, Ask)
        frame = self.frame
        self.trod(way)
        passed = (*frame.passed, Passed(step.name, frame.saved, tuple(frame.opened)))
        self.set(passed=passed, tries=0, page=0)
        self.save(ask.save_as, value)
        self.change(open=None, silence_due=0)
        goes = option.goes if option and option.goes else step.goes
        if option and option.run:
            self.run_flow(option.run, goes)
        else:
            self.follow(goes)

    def step_back(self) -> None:
        """Go back to the question before, undoing what was saved and opened since."""
        frame = self.frame
        if not frame.passed:
            self.say_text("nothing to undo")
            self.ask_again()
            return
        before = frame.passed[-1]
        self.trod("back")
        self.undo(before.opened)
        self.set(step=before.step, saved=before.saved, passed=frame.passed[:-1], tries=0, page=0)
        self.walk()

    def silence_ran_out(self) -> None:
        """Nobody answered: follow the open question's next rule."""
        question, body = self.conversation.open, self.step.body
        assert question is not None
        self.change(silence_due=0)
        if not isinstance(body, Ask) or question.silence >= len(body.silent):
            return
        rule = body.silent[question.silence]
        self.trod(f"silence {question.silence + 1}")
        if rule.say is not None:
            self.say(self.names.render(rule.say.in_language(self.conversation.language)))
        if rule.goes is not None and rule.goes.end is not None:
            self.effects.append(Note("patient_gave_up", f"{self.frame.flow}.{self.frame.step}"))
            self.drop_all(f"end {rule.goes.end}")
        elif rule.goes is not None:
            self.change(open=None)
            self.follow(rule.goes)
        else:
            coming = question.silence + 1
            due = question.asked_at + body.silent[coming].after_seconds if coming < len(body.silent) else 0
            self.change(open=replace(question, silence=coming), silence_due=due)


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

