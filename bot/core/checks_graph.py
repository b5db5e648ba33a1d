"""Checks on where flows lead: nothing missing, nothing unreachable, no dead end, no loop, no silence."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.fault import At, Fault, did_you_mean
from bot.core.flow import Ask, Check, Clinic, Do, Flow, HandOver, Run, Step, Stop, Target
from bot.core.ways import Way, entrances, following, reached, runs, ways_of

QUESTIONS_MAX = 12
"""Questions on the shortest way to a step; more than that nobody answers on a phone."""
ENGINE_FILE, FAQ_FILE = "_clinic.yaml", "faq.yaml"


def missing_targets(clinic: Clinic) -> Iterator[Fault]:
    """E10: a step or flow that is not there."""
    for flow in clinic.flows.values():
        for step in flow.steps.values():
            for way in ways_of(step):
                yield from _missing(clinic, flow, step, way)
    for what, name in (("first contact", clinic.first_contact), ("otherwise", clinic.otherwise)):
        if name not in clinic.flows:
            yield Fault("E10", ENGINE_FILE, 0, 0, "", f'"{what}" starts "{name}" - no such flow.', _flows(clinic, name))
    for one in clinic.anywhere:
        if one.run is not None and one.run not in clinic.flows:
            message = f'"{one.name}" runs "{one.run}" - no such flow.'
            yield Fault("E10", ENGINE_FILE, one.line, 0, "", message, _flows(clinic, one.run))
    yield from missing_entries(clinic)
    for question in clinic.questions.values():
        if question.run is not None and question.run not in clinic.flows:
            message = f'"{question.id}" runs "{question.run}" - no such flow.'
            yield Fault("E10", FAQ_FILE, question.line, 0, "", message, _flows(clinic, question.run))


def missing_entries(clinic: Clinic) -> Iterator[Fault]:
    """E10: an answer to a follow-up leads to a step or flow that is not there."""
    for answer, entry in clinic.follow_ups.items():
        flow = clinic.flows.get(entry.flow)
        if flow is not None and (not entry.step or entry.step in flow.steps):
            continue
        where = f"{entry.flow}.{entry.step}" if flow else entry.flow
        known = [f"{entry.flow}.{step}" for step in flow.steps] if flow else [*clinic.flows]
        message = f'"{answer}" leads to "{where}" - no such {"step" if flow else "flow"}.'
        remedy = did_you_mean(where, known, "Name a flow, or FLOW.STEP.")
        yield Fault("E10", ENGINE_FILE, entry.line, 0, "", message, remedy)


def _missing(clinic: Clinic, flow: Flow, step: Step, way: Way) -> Iterator[Fault]:
    to = way.target.step if way.target else None
    if to is not None and to not in flow.steps:
        remedy = did_you_mean(to, flow.steps, "Make that step, or go to another.")
        if to == "end":
            remedy = 'Write "end: HOW" instead, with a name of your own for how it ended.'
        elif to in clinic.flows:
            remedy = f'That is a flow: write "run: {to}" instead.'
        yield At(flow, step, way.line).fault("E10", f'{way.words} goes to "{to}" - no such step.', remedy)
    if way.run is not None and way.run not in clinic.flows:
        yield At(flow, step, way.line).fault(
            "E10", f'{way.words} runs "{way.run}" - no such flow.', _flows(clinic, way.run)
        )


def _flows(clinic: Clinic, written: str) -> str:
    return did_you_mean(written, clinic.flows, "Make that flow, or name another.")


def unreachable_steps(clinic: Clinic) -> Iterator[Fault]:
    """E11: a step no way leads to."""
    for flow in clinic.flows.values():
        for name in flow.steps.keys() - reached(flow, [flow.first.name]):
            yield At(flow, flow.steps[name]).fault("E11", "no way leads to this step.", "Lead one here, or delete it.")


def off_the_end(clinic: Clinic) -> Iterator[Fault]:
    """E12: the last step of the file goes on, and nothing follows."""
    for flow in clinic.flows.values():
        for name in reached(flow, [flow.first.name]):
            for way in ways_of(flow.steps[name]):
                if way.target == Target():
                    yield At(flow, flow.steps[name], way.line).fault(
                        "E12", f"{way.words} leads past the last step.", 'Add "end: HOW" or "go to: STEP".'
                    )


def silent_ends(clinic: Clinic) -> Iterator[Fault]:
    """E13: a patient starts a flow or answers, and the flow ends without a word or a person."""
    for name in entrances(clinic) & clinic.flows.keys():
        flow = clinic.flows[name]
        silent = {step.name for step in flow.steps.values() if isinstance(step.body, Do | Check | Stop)}
        answers = [
            (step, way)
            for step in flow.steps.values()
            if isinstance(step.body, Ask)
            for way in ways_of(step)
            if way.kind == "answer" and way.run is None and way.target is not None
        ]
        starts = [flow.first.name, *(way.target.step for _, way in answers if way.target and way.target.step)]
        ending = [(step, way) for step, way in answers if way.target and way.target.end is not None]
        for passed in reached(flow, starts, silent):
            ending += [
                (flow.steps[passed], way) for way in ways_of(flow.steps[passed]) if way.target and way.target.end
            ]
        for step, way in ending:
            yield At(flow, step, way.line).fault(
                "E13", f"{way.words} ends the flow without a word to the patient.", "Say something first, or hand over."
            )


def traps(clinic: Clinic) -> Iterator[Fault]:
    """E14: from here no way leads to an end or a person."""
    for flow in clinic.flows.values():
        after = following(flow)
        free = {step.name for step in flow.steps.values() if any(_leads_out(step, way) for way in ways_of(step))}
        while freed := {name for name in flow.steps if name not in free and after[name] & free}:
            free |= freed
        for name in reached(flow, [flow.first.name]) - free:
            yield At(flow, flow.steps[name]).fault(
                "E14", "from here no way leads to an end or a person.", 'Lead one way to an "end" or a "hand over".'
            )


def _leads_out(step: Step, way: Way) -> bool:
    if isinstance(step.body, HandOver) or (way.kind == "last try" and way.target is None):
        return True
    return way.target is not None and way.target.step is None


def loops(clinic: Clinic) -> Iterator[Fault]:
    """E15: steps that follow each other in a circle, and nothing stops them."""
    for flow in clinic.flows.values():
        # A person who hands the conversation back is not to get it again at once.
        passing = {name for name, step in flow.steps.items() if isinstance(step.body, HandOver)}
        going = {name for name in steps_that_go_on(clinic, flow) | passing if flow.steps[name].at_most is None}
        for circle in circles(flow, going):
            step = next(step for name, step in flow.steps.items() if name in circle)
            yield At(flow, step).fault(
                "E15",
                f"{_listed(flow, circle)} go round without a question.",
                'Ask something in between, or add "at most" and "after that".',
            )


def steps_that_go_on(clinic: Clinic, flow: Flow) -> set[str]:
    """Steps after which the flow goes on by itself: no question, no person."""
    return {step.name for step in flow.steps.values() if not _waits(clinic, step)}


def _waits(clinic: Clinic, step: Step) -> bool:
    match step.body:
        case Ask() | HandOver():
            return True
        case Run(flow=name):
            return name in clinic.flows and any(
                isinstance(one.body, Ask | HandOver) for one in clinic.flows[name].steps.values()
            )
        case _:
            return False


def circles(flow: Flow, among: set[str]) -> Iterator[frozenset[str]]:
    """Each set of steps among ``among`` that lead to one another in a circle."""
    after = {name: steps & among for name, steps in following(flow).items() if name in among}
    while leading_out := {name for name, steps in after.items() if not steps}:
        after = {name: steps - leading_out for name, steps in after.items() if name not in leading_out}
    come_to = {name: reached(flow, after[name], after) for name in after}
    found = {frozenset(one for one in come_to[name] if name in come_to[one]) for name in after if name in come_to[name]}
    yield from sorted(found, key=sorted)


def _listed(flow: Flow, names: frozenset[str]) -> str:
    return ", ".join(name for name in flow.steps if name in names)


def flows_without_end(clinic: Clinic) -> Iterator[Fault]:
    """E16: flows that run each other for ever, each inside the other or without a question in between."""
    edges = {name: [one for one in runs(flow) if one[1].run in clinic.flows] for name, flow in clinic.flows.items()}
    unasked = {
        name: [(step, way) for step, way in edges[name] if not _asks_before(clinic, flow, step)]
        for name, flow in clinic.flows.items()
    }
    for name, flow in clinic.flows.items():
        for step, way in edges[name]:
            inside = way.target is not None and way.target.step is not None
            deeper = inside and name in _run_by(edges, way.run or "")
            if deeper or ((step, way) in unasked[name] and name in _run_by(unasked, way.run or "")):
                yield At(flow, step, way.line).fault(
                    "E16",
                    f'it runs "{way.run}", which runs "{name}" again, for ever.',
                    'End this flow there: write "end: HOW" beside "run".',
                )


def _run_by(edges: dict[str, list[tuple[Step, Way]]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [way.run for _, way in edges.get(name, ()) if way.run]
    return found


def _asks_before(clinic: Clinic, flow: Flow, step: Step) -> bool:
    if isinstance(step.body, Ask):
        return True
    return step.name not in reached(flow, [flow.first.name], {*steps_that_go_on(clinic, flow), step.name})


def same_way_twice(clinic: Clinic) -> Iterator[Fault]:
    """W19: two options of a question that saves nothing lead to the same place."""
    for flow in clinic.flows.values():
        for step in flow.steps.values():
            if not isinstance(step.body, Ask) or step.body.save_as:
                continue
            seen: dict[tuple[Target | None, str | None], Way] = {}
            for way in (one for one in ways_of(step) if one.option is not None):
                first = seen.setdefault((way.target, way.run), way)
                if first is not way:
                    yield At(flow, step, way.line).fault(
                        "W19",
                        f"{way.words} leads to the same place as {first.words}.",
                        'Save the answer, or make one option of them ("also").',
                    )


def long_paths(clinic: Clinic) -> Iterator[Fault]:
    """W20: more questions than anybody answers."""
    for flow in clinic.flows.values():
        asked = _questions_before(flow)
        for name, count in asked.items():
            if count == QUESTIONS_MAX + 1 and isinstance(flow.steps[name].body, Ask):
                yield At(flow, flow.steps[name]).fault(
                    "W20", f"this is question {count} at the earliest.", f"Ask no more than {QUESTIONS_MAX}."
                )


def _questions_before(flow: Flow) -> dict[str, int]:
    """Fewest questions asked up to and including each step."""
    after = following(flow)
    fewest: dict[str, int] = {}
    now, count = {flow.first.name}, 0
    while now:
        asking = {name for name in now if isinstance(flow.steps[name].body, Ask)}
        fewest |= dict.fromkeys(now - asking, count)
        further = {one for name in now - asking for one in after[name]} - fewest.keys() - now
        if further:
            now = asking | further
            continue
        count += 1
        fewest |= dict.fromkeys(asking, count)
        now = {one for name in asking for one in after[name]} - fewest.keys()
    return fewest
