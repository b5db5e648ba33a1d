"""Walking the steps of a flow within one turn, and everything the engine itself says.

A :class:`Walk` is the only mutable thing in the core: it lives for one call of :func:`bot.core.turn.take_turn`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import assert_never

from bot.core.actions import ACTIONS
from bot.core.conversation import Frame, Passed, Shown, Then
from bot.core.effects import DoAction, Note, PassToPerson
from bot.core.events import Outcome
from bot.core.flow import (
    Ask,
    Check,
    Do,
    HandOver,
    Option,
    Run,
    Step,
    Stop,
    Target,
    Value,
)
from bot.core.flow import Say as SayBody
from bot.core.place import Stranded
from bot.core.questions import Questions
from bot.core.wishes import called, fitting, left_of, wish_of

STEPS_MAX = 100
"""Steps walked in one turn without a question. More is a loop that the checks did not find."""
STACK_MAX = 10
"""Flows running inside each other; deeper is a loop of flows."""


class Walk(Questions):
    """One turn under way: it stands somewhere, asks, and walks."""

    # ---- starting, ending, going on

    def start(self, flow: str, then: Then = "go on", inputs: Mapping[str, Value] | None = None, step: str = "") -> None:
        """Run a flow on top of what runs, and walk it from its first step or a named one."""
        self._begin(Frame(flow, step, dict(inputs or {}), then=then))

    def _begin(self, frame: Frame) -> None:
        flow = self.clinic.flow(frame.flow, frame.edition)
        if flow is None:
            raise Stranded(f"no flow {frame.flow}")
        if len(self.conversation.stack) >= STACK_MAX:
            raise Stranded(f"more than {STACK_MAX} flows inside each other")
        wish = wish_of(self.heard, self.now) if self.heard else None
        frame = replace(frame, step=frame.step or flow.first.name, wish=wish)
        self.change(stack=(*self.conversation.stack, frame), open=None, silence_due=0)
        self.trod("started")
        self.walk()

    @property
    def at_menu(self) -> bool:
        """Whether nothing more than the menu is open."""
        return not self.conversation.stack or self.frame.flow == self.clinic.otherwise

    def digress(self, flow: str, then: Then) -> None:
        """Run a flow beside the open question. A bare menu below is not worth coming back to."""
        if self.at_menu:
            self.drop_all("left")
        if any(frame.flow == flow for frame in self.conversation.stack):
            self.drop_all("started again")
        self.start(flow, then=then if self.conversation.stack else "go on")

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
            self.set(step=target.step, tries=0, page=0, asked=0)
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
                self._ask_or_take(step.body)
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

    def _ask_or_take(self, ask: Ask) -> None:
        """Ask, unless one option alone is what the patient has said ahead."""
        values = self.option_values(ask)
        fit = fitting(self.frame.wish, values)
        if self.heard and not fit and not self.frame.passed:
            fit = called(self.heard, values, self.conversation.language)
        if len(fit) == 1:
            self.answered(None, values[fit[0]], "option")
        else:
            self.ask()

    def _pass_on(self, step: HandOver, goes: Target) -> None:
        self.hand_over(step.reason, step.say.in_language(self.conversation.language) if step.say else None)
        if goes.step is not None:
            self.set(step=goes.step)
        elif self.frame.then != "go on" and len(self.conversation.stack) > 1:
            # She asked something in the middle of another flow: staff can hand her back to where she was.
            self.trod(f"end {goes.end}")
            self.change(stack=self.conversation.stack[:-1], open=None)
        else:
            self.drop_all(f"end {goes.end}")

    def _run(self, run: Run, goes: Target) -> None:
        self.run_flow(run.flow, goes, self._inputs(run.inputs))

    def _inputs(self, sources: Mapping[str, str]) -> dict[str, Value]:
        """What is passed on: a saved value by its name, or a literal in quotes."""
        return {
            name: source[1:-1] if len(source) > 1 and source[0] == source[-1] == '"' else self.names.value(source)
            for name, source in sources.items()
        }

    def run_flow(self, flow: str, goes: Target, inputs: Mapping[str, Value] | None = None) -> None:
        """Run a flow and go on at ``goes`` when it ends. A flow with nothing left to do makes room first.

        What an older edition runs is of that edition too: the two were checked together.
        """
        self.trod(f"run {flow}")
        frame = Frame(flow, "", dict(inputs or {}), edition=self.frame.edition)
        if goes.step is not None:
            self.set(step=goes.step, tries=0, page=0, asked=0)
            self._begin(frame)
            return
        then = self.frame.then
        self.undo(())
        self.change(stack=self.conversation.stack[:-1])
        self._begin(replace(frame, then=then))

    def _check(self, check: Check) -> Target:
        for index, (condition, target) in enumerate(check.ways):
            if self.names.holds(condition):
                self.trod(f"way {index + 1}")
                return target
        self.trod("otherwise")
        return check.otherwise

    def _ask_for(self, do: Do) -> None:
        self.asked = DoAction(do.action, self._inputs(do.inputs))
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
        since = self.conversation.waiting_since or self.now
        self.change(later_until=0)
        if self.conversation.control == "held":
            self.change(urgent=self.conversation.urgent or urgent, waiting_since=since)
            return
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
        self.set(passed=passed, tries=0, page=0, asked=0)
        self.save(ask.save_as, value)
        self.set(wish=left_of(self.frame.wish, value))
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
        self.set(step=before.step, saved=before.saved, passed=frame.passed[:-1], tries=0, page=0, asked=0)
        self.walk()

    @property
    def gives_up(self) -> bool:
        """Whether the silence rule that is due leaves the question."""
        question, body = self.conversation.open, self.step.body if self.conversation.stack else None
        rules = body.silent if isinstance(body, Ask) else ()
        return question is not None and question.silence < len(rules) and rules[question.silence].goes is not None

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
