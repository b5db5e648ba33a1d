"""The smallest clinic there can be, and one mistake at a time in it."""

from __future__ import annotations

from textwrap import dedent

from bot.adapters.flows_yaml import Loaded, checked, load_files
from bot.core.engine_texts import ENGINE_TEXTS

ENGINE = """\
languages: [en, ms]
start: {first contact: main_menu, otherwise: main_menu}
defaults:
  tries: 3
  not understood: Sorry?
  after last try: hand over
  silent:
    - {after: 15 minutes, say: Are you still there?}
    - {after: 12 hours, end: gave_up}
anywhere:
  person: {words: [human], hand over: The patient asked for a person}
texts:
  handed over: "Passed on. {clinic.hours text}"
""" + "".join(f'  {name}: "{name}"\n' for name in ENGINE_TEXTS if name not in ("not understood", "handed over"))

CLINIC = """\
name: Spine Clinic
time zone: Asia/Singapore
country: SG
phone: +65 6000 0000
hours: {mon: "09:00-17:00"}
appointments: book
practitioners: {nolan: {name: Dr Nolan}}
services: {first: {name: First visit, minutes: 30, practitioners: [nolan]}}
hours text: Mondays
"""

MENU = """\
flow: main_menu
title: Menu
starts with: [hi]
steps:
  choose:
    ask: How can we help?
    options:
      staff: {label: Ask our staff}
  pass_on:
    hand over: The patient chose a person
    end: handed_over
"""

SMALL = {"_clinic.yaml": ENGINE, "clinic.yaml": CLINIC, "main_menu.yaml": MENU}


def clinic_with(files: dict[str, str] | None = None) -> Loaded:
    """The small clinic with other files, read and checked."""
    texts = {**SMALL, **{name: dedent(text) for name, text in (files or {}).items()}}
    return checked(load_files({name: text.encode() for name, text in texts.items()}))


def visit(steps: str, starts: str = "visit") -> str:
    """A flow with these steps (indented by two), which a patient can start."""
    head = f"flow: visit\ntitle: A visit\nstarts with: [{starts}]\nsteps:\n"
    return head + "".join(f"  {line}\n" if line.strip() else "\n" for line in dedent(steps).strip("\n").split("\n"))
