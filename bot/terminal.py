"""What the commands print and ask: the desk in a terminal, staff, templates, the doctor."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

from bot import settings as environment
from bot import wiring
from bot.core.fallback import FILE, how_to, twiml, words
from bot.core.finding import Finding, addresses
from bot.core.staff import fold_login
from bot.desk import reception, replying
from bot.desk import staff as accounts
from bot.desk import templates as message_templates
from bot.ports import BookAway, CarrierAway, CarrierRefused, CarrierUnclear, Desk

PART_WIDTH = 10


def desk(environ: Mapping[str, str], options: argparse.Namespace) -> int:
    """``python -m bot desk``: who waits, what was said, take over, reply, hand back."""
    try:
        desk = wiring.open_desk(environment.read(environ))
        return _AT_DESK[options.action](desk, options)
    except (environment.Unsafe, wiring.BrokenFlows, reception.Refused, Unknown) as refusal:
        print(refusal, file=sys.stderr)
    except BookAway as away:
        print(wiring.without_database(away), file=sys.stderr)
    return 1


def templates(environ: Mapping[str, str], action: str) -> int:
    """``python -m bot templates``: 0 when every template may be used, 1 when one may not yet or it cannot be told."""
    acts = {
        "create": message_templates.create,
        "submit": message_templates.submit,
        "status": message_templates.look,
        "sync": message_templates.sync,
    }
    try:
        # What would stand in the log is what is told here, in words.
        desk = replace(wiring.open_desk(environment.read(environ)), report=lambda event, ids: None)
        if action in acts:
            acts[action](desk)
        return _tell_templates(desk)
    except (environment.Unsafe, wiring.BrokenFlows) as refusal:
        print(refusal, file=sys.stderr)
    except BookAway as away:
        print(wiring.without_database(away), file=sys.stderr)
    except CarrierRefused as refused:
        code = f", error {refused.code}" if refused.code else ""
        said = f"Twilio refuses it (HTTP {refused.status}{code}). What is wrong says: python -m bot doctor"
        print(said, file=sys.stderr)
    except (CarrierAway, CarrierUnclear):
        said = "Twilio cannot be reached, or did not say whether it was done. Try again: nothing is made twice."
        print(said, file=sys.stderr)
    return 1


def _tell_templates(desk: Desk) -> int:
    known = message_templates.standings(desk)
    for one in known:
        print(f"{one.name:14} {one.language:6} {one.status:11} {one.sid}  {one.key}" + f"  {one.reason}".rstrip())
    wanted, lacking = message_templates.wanted(desk.clinic), message_templates.lacking(desk)
    status, not_made = {one.key: one.status for one in known}, defaultdict(list)
    for wording in lacking:
        if wording.key not in status:
            not_made[wording.name].append(wording.language)
    for name, languages in not_made.items():
        print(f"{name:14} not made yet: {', '.join(languages)}")
    if not lacking:
        print(f"All {len(wanted)} are approved.")
        return 0
    print(f"{len(lacking)} of {len(wanted)} are not approved; what needs them after 24 hours is left to staff.")
    for remedy in _remedies({status.get(wording.key, "made") for wording in lacking}):
        print(remedy)
    return 1


def _remedies(statuses: Set[str]) -> Iterator[str]:
    """What to do about templates that stand so."""
    if statuses & message_templates.NOT_SUBMITTED:
        yield "Make and submit them: python -m bot templates sync"
    if statuses & {"received", "pending", "paused"}:
        yield "WhatsApp mostly answers within a day, and a pause ends by itself. Ask: python -m bot templates status"
    if "rejected" in statuses:
        yield "Rejected: change the words in templates.yaml and publish; other words are another template. Then sync."
    if "unusable" in statuses:
        yield "Unusable: the reason stands beside it; python -m bot templates status reads it anew."


class Unknown(Exception):
    """No conversation, or more than one, goes by what was typed; or nobody signs in with that name."""


def staff(environ: Mapping[str, str], options: argparse.Namespace) -> int:
    """``python -m bot staff``: who may sign in, and ways in for whoever cannot."""
    try:
        settings = environment.read(environ)
        print(_AT_STAFF[options.action](wiring.open_desk(settings), settings, options), end="")
    except (environment.Unsafe, wiring.BrokenFlows, accounts.Invalid, accounts.Impossible, Unknown) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except BookAway as away:
        print(wiring.without_database(away), file=sys.stderr)
        return 1
    return 0


def _everybody(desk: Desk, settings: environment.Settings, options: argparse.Namespace) -> str:
    lines = [f"{one.login:20} {one.role:10} {one.status:9} {one.name}\n" for one in accounts.everybody(desk)]
    return "".join(lines) or "Nobody yet. The first admin comes in with: python -m bot staff first\n"


def _first(desk: Desk, settings: environment.Settings, options: argparse.Namespace) -> str:
    made = accounts.first_link(desk, wiring.open_locks(settings))
    return f"No staff yet. The first admin comes in here, once: {_address(settings, made)}\n" if made else ""


def _invite(desk: Desk, settings: environment.Settings, options: argparse.Namespace) -> str:
    name = options.name or options.login
    made = accounts.invite(desk, wiring.open_locks(settings), accounts.TERMINAL, name, options.login, options.role)
    return f"{name} comes in here, once: {_address(settings, made)}\n"


def _reset(desk: Desk, settings: environment.Settings, options: argparse.Namespace) -> str:
    account = _staff_called(desk, options.login)
    made = accounts.rescue(desk, wiring.open_locks(settings), accounts.TERMINAL, account)
    return f"A new password is set here, once: {_address(settings, made)}\n"


def _disable(desk: Desk, settings: environment.Settings, options: argparse.Namespace) -> str:
    accounts.disable(desk, accounts.TERMINAL, _staff_called(desk, options.login))
    return "Signed out everywhere, and let in no more.\n"


def _enable(desk: Desk, settings: environment.Settings, options: argparse.Namespace) -> str:
    accounts.enable(desk, accounts.TERMINAL, _staff_called(desk, options.login))
    return "Let in again.\n"


_AT_STAFF = {
    "list": _everybody,
    "first": _first,
    "invite": _invite,
    "reset": _reset,
    "disable": _disable,
    "enable": _enable,
}


def _staff_called(desk: Desk, login: str) -> str:
    for one in accounts.everybody(desk):
        if one.login == fold_login(login):
            return one.id
    raise Unknown(f"Nobody signs in as {login}. See: python -m bot staff")


def _address(settings: environment.Settings, made: accounts.Made) -> str:
    return f"{settings.desk_url}/desk/join/{made.token}"


def _list(desk: Desk, options: argparse.Namespace) -> int:
    waiting = reception.needing_a_person(desk)
    now = desk.clock.now().timestamp()
    with desk.book.begin() as ledger:
        trouble = ledger.channel()
    if trouble is not None:
        since = datetime.fromtimestamp(trouble.since, desk.diary.zone)
        print(f"NOBODY CAN BE WRITTEN TO since {since:%d %b %H:%M}: {trouble.why} (Twilio error {trouble.code}).")
    people = accounts.names(desk)
    for one in waiting:
        mark = "URGENT " if one.urgent else ""
        holder = f"with {people.get(one.holder, one.holder)}" if one.control == "held" else "waits"
        waited = f" {int((now - one.waiting_since) // 60)} min" if one.waiting_since else ""
        print(f"{one.conversation[:10]}  {mark}{holder}{waited}  {one.reason or 'sent something to look at'}")
    many = "1 conversation needs a person." if len(waiting) == 1 else f"{len(waiting)} conversations need a person."
    print(many if waiting else "Nobody is waiting.")
    return 0


def _read(desk: Desk, options: argparse.Namespace) -> int:
    people = accounts.names(desk)
    for line in reception.thread(desk, _find(desk, options.conversation)):
        at = datetime.fromtimestamp(line.at, desk.diary.zone)
        who = people.get(line.speaker, line.speaker) if line.who == "staff" else line.who
        status = f"  [{line.status}]" if line.status else ""
        print(f"{at:%d %b %H:%M} {who}: {line.text}{status}")
    return 0


def _take(desk: Desk, options: argparse.Namespace) -> int:
    reception.take_over(desk, _find(desk, options.conversation), options.by)
    print("It is yours. The assistant is silent until you hand it back.")
    return 0


def _reply(desk: Desk, options: argparse.Namespace) -> int:
    replying.reply(desk, _find(desk, options.conversation), options.by, " ".join(options.words))
    print("On its way.")
    return 0


def _back(desk: Desk, options: argparse.Namespace) -> int:
    reception.hand_back(desk, _find(desk, options.conversation), options.by, options.to)
    print("Closed without a word." if options.to == "silent" else "The assistant has it again.")
    return 0


_AT_DESK = {"list": _list, "read": _read, "take": _take, "reply": _reply, "back": _back}


def _find(desk: Desk, beginning: str) -> str:
    found = [one.conversation for one in reception.needing_a_person(desk) if one.conversation.startswith(beginning)]
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        raise Unknown(f"{len(found)} conversations begin with {beginning}. Type more of it.")
    if reception.thread(desk, beginning, 1):
        return beginning
    raise Unknown(f"No conversation begins with {beginning}. See: python -m bot desk list")


def doctor(environ: Mapping[str, str], as_json: bool) -> int:
    """``python -m bot doctor``: every finding as it is made, then the addresses for Twilio. 1 when there is a fault."""
    findings: list[Finding] = []
    public_url, trial = "", False
    try:
        settings = environment.read(environment.with_a_phone(environ))
        public_url, trial = settings.public_url, settings.simulator
        made: Iterable[Finding] = _examined(settings)
    except environment.Unsafe as unsafe:
        do = "Put it right in the environment: docs/operating.md explains each setting."
        made = (Finding("fault", "Settings", problem, "environment", do) for problem in unsafe.problems)
    show = _as_nothing if as_json else _in_colour if _colourful(environ) else _plain
    for finding in made:
        show(finding)
        findings.append(finding)
    faults = sum(one.level == "fault" for one in findings)
    if as_json:
        entered = dict(addresses(public_url)) if public_url else {}
        told = {"faults": faults, "findings": [asdict(one) for one in findings], "twilio": entered}
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _sum_up(findings)
        _print_addresses(public_url, trial)
    return 1 if faults else 0


def _examined(settings: environment.Settings) -> Iterator[Finding]:
    what = "complete; a trial without Twilio: no patient reaches it" if settings.simulator else "complete"
    yield Finding("ok", "Settings", what)
    if settings.on_loopback and not settings.simulator:
        do = "Set it to the clinic's address on the internet, under https."
        yield Finding("warning", "Public URL", "Twilio cannot reach a loopback address.", "PUBLIC_URL", do)
    yield from wiring.examine(settings)


def _colourful(environ: Mapping[str, str]) -> bool:
    return sys.stdout.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def _as_nothing(finding: Finding) -> None:
    """A program reads them all at the end."""


def _plain(finding: Finding) -> None:
    remedy = f" ({finding.where}) {finding.do}".rstrip() if finding.do or finding.where else ""
    print(f"{finding.level:<8}{finding.part}: {finding.what}{remedy}", flush=True)


def _in_colour(finding: Finding) -> None:
    mark, colour = {"ok": ("✓", 32), "warning": ("!", 33), "fault": ("✗", 31)}[finding.level]
    width = max(60, min(shutil.get_terminal_size().columns, 110))
    edge = " " * (PART_WIDTH + 6)

    def wrapped(text: str) -> str:
        return textwrap.fill(text, width, initial_indent=edge, subsequent_indent=edge, break_on_hyphens=False).lstrip()

    print(f"  \033[1;{colour}m{mark}\033[0m  {finding.part:<{PART_WIDTH}} {wrapped(finding.what)}", flush=True)
    if finding.do:
        print(f"{edge}\033[2m{wrapped(f'{finding.where}: {finding.do}')}\033[0m", flush=True)


def _sum_up(findings: Sequence[Finding]) -> None:
    count = Counter(one.level for one in findings)
    print(f"\n{count['fault']} to put right, {count['warning']} to look at, {count['ok']} in order.")


def _print_addresses(public_url: str, trial: bool) -> None:
    if not public_url:
        return
    when = "Once there is an account and PUBLIC_URL is the clinic's: in" if trial else "In"
    print(f"\n{when} Twilio's console, at the WhatsApp sender, these are entered with method POST:")
    for field, address in addresses(public_url):
        print(f"  {field:<26}{address}")
    print("A fallback on another host still answers when this one is down: python -m bot fallback DIR")


def fallback(environ: Mapping[str, str], directory: Path) -> int:
    """``python -m bot fallback DIR``: the file that answers patients while nothing of ours does."""
    clinic = wiring.look_at_flows(Path(environ.get("FLOWS_DIR") or "flows"))[0].clinic
    if clinic is None:
        print("The flow files cannot be used. Run: python -m bot check", file=sys.stderr)
        return 1
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / FILE).write_text(twiml(words(str(clinic.facts.get("phone") or ""))) + "\n", encoding="utf-8")
        (directory / "README.txt").write_text(how_to(), encoding="utf-8")
    except OSError as error:
        print(f"{directory} cannot be written: {error.strerror}.", file=sys.stderr)
        return 1
    print(f"Written to {directory / FILE}. README.txt beside it says where it belongs.")
    return 0
