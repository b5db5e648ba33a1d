"""Flows of other programs become flows of ours that load, that can be talked to, and that tell what is left to do.

The samples are made up, in the formats in which RapidPro, TextIt and Twilio Studio export.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.adapters.elsewhere import Arrived, Refused, import_flows
from bot.adapters.flows_yaml import Loaded, load_checked
from tests.universe import Talk

SAMPLES = Path(__file__).parent / "samples"


class Imported:
    """A sample beside the smallest clinic."""

    def __init__(self, sample: str, base: Path) -> None:
        self.folder = base.parent / "imported"
        self.arrived: Arrived = import_flows(SAMPLES / sample, self.folder, base)

    @property
    def loaded(self) -> Loaded:
        return load_checked(self.folder)

    def talk(self) -> Talk:
        clinic = self.loaded.clinic
        assert clinic is not None
        return Talk(clinic)

    def left(self) -> list[str]:
        """What needs a person, and why."""
        return [f"{one.node}: {one.why}" for one in self.arrived.untranslated]


@pytest.mark.parametrize("sample", sorted(path.name for path in SAMPLES.glob("*.json")))
def test_what_was_imported_loads_without_a_mistake(sample: str, base: Path) -> None:
    imported = Imported(sample, base)
    assert [str(fault) for fault in imported.loaded.faults if fault.level == "error"] == []
    assert imported.arrived.flows
    assert all(one.why and one.do for one in imported.arrived.untranslated)


def test_a_rapidpro_flow_asks_and_answers_as_it_did(base: Path) -> None:
    talk = Imported("rapidpro_clinic.json", base).talk()
    assert talk.says("join") == ["Hi, welcome to the spine clinic!\n\nWhat is your name?"]
    assert talk.says("Mei Ling Tan") == ["Thank you Mei Ling Tan. How old are you?"]
    assert talk.says("very")[0].startswith("Please write your age as a number, for example 42.")
    assert talk.says("142")[0].startswith("Please write your age as a number")
    assert talk.says("42") == ["Is this your first visit?"]
    assert talk.offered() == ["Yes, my first", "No, I was here"]
    assert talk.says("y") == ["We are open Monday to Friday, 9 to 5. {Public holidays: closed}"]
    assert talk.taps("Person") == ["Passed on. Mondays"]
    assert talk.conversation.control == "waiting"


def test_a_number_leads_to_where_it_led(base: Path) -> None:
    talk = Imported("rapidpro_clinic.json", base).talk()
    talk.says("register")
    talk.says("Ravi Kumar")
    assert talk.says("17") == ["We see adults only. Please call the children's hospital."]


def test_who_falls_silent_hears_what_she_would_have_heard(base: Path) -> None:
    talk = Imported("rapidpro_clinic.json", base).talk()
    for said in ("join", "Siti", "30"):
        talk.says(said)
    assert talk.waits(minutes=15) == ["We did not hear from you. Write JOIN to start again."]


def test_what_cannot_be_decided_goes_to_a_person(base: Path) -> None:
    imported = Imported("rapidpro_clinic.json", base)
    talk = imported.talk()
    for said in ("join", "Siti", "30", "no"):
        talk.says(said)
    assert talk.conversation.control == "waiting"
    assert (
        'check_groups: It decides by @contact.groups between "VIP", "Other", which nothing here knows.'
        in imported.left()
    )


def test_what_has_no_counterpart_is_told_with_its_step(base: Path) -> None:
    imported = Imported("rapidpro_clinic.json", base)
    left = imported.left()
    assert 'ask_patient_name: The text names "@contact.first_name", which nothing here knows.' in left
    assert 'you_are_registered: "set_contact_field" has no counterpart.' in left
    assert '(campaign "Appointment Schedule"): Messages at times are follow-ups here.' in left
    assert "(the whole flow): It is for telephone calls." in left
    assert '(language): Its translation to "es" did not come along.' in left
    file = imported.arrived.files["register_patient.yaml"].decode()
    assert '  # ! "set_contact_field" has no counterpart.' in file
    assert "  #   say: Doctor Nolan will call you himself.\n" in file, "no words are lost"


def test_translations_come_along(base: Path) -> None:
    imported = Imported("rapidpro_clinic.json", base)
    assert imported.loaded.clinic is not None
    ask = imported.loaded.clinic.flows["register_patient"].steps["ask_first_visit"].body
    assert ask.text.translations == {"ms": "Adakah ini lawatan pertama anda?"}  # type: ignore[union-attr]
    assert [one.label.translations for one in ask.options] == [{"ms": "Ya, pertama"}, {"ms": "Tidak, pernah"}]  # type: ignore[union-attr]
    assert "pertama" in ask.options[0].also  # type: ignore[union-attr]


def test_quick_replies_of_version_14_become_buttons(base: Path) -> None:
    imported = Imported("textit_feedback.json", base)
    talk = imported.talk()
    talk.says("feedback after visit")
    assert talk.offered() == ["Very good", "Could be better than", "Bad"]
    assert talk.taps("Bad") == ["I am sorry. You said Bad. What went wrong?"]
    talk.says("I waited for an hour.")
    assert talk.says("no day") == ["And at which number? We have."]
    assert talk.says("9123 4567") == ["We call you. Thank you."]
    told = " ".join(imported.left())
    assert '"Could be better than it was" has more than the 20 characters that WhatsApp shows.' in told
    assert '"call_webhook" has no counterpart.' in told


def test_no_key_of_another_computer_comes_along(base: Path) -> None:
    imported = Imported("textit_feedback.json", base)
    assert b"0123456789abcdef" not in b"".join(imported.arrived.files.values())
    assert "0123456789abcdef" not in "".join(imported.left())


def test_a_numbered_menu_of_studio_becomes_options(base: Path) -> None:
    imported = Imported("studio_menu.json", base)
    talk = imported.talk()
    assert talk.says("clinic menu") == ["Welcome to the clinic. Reply with a number:"]
    assert talk.offered() == ["Book a visit", "Opening hours", "Talk to a nurse"]
    assert talk.says("quarks")[0].startswith("Please write 1, 2 or 3.")
    assert talk.says("2") == ["Mon-Fri 9:00-17:30.", "Welcome to the clinic. Reply with a number:"]
    assert talk.says("book a visit") == ["Which day suits you?"]
    talk.says("Tuesday")
    assert talk.conversation.control == "waiting", "what another computer decided goes to a person"
    left = imported.left()
    assert "free: It decides by {{widgets.lookup.parsed.free}}, which nothing here knows." in left
    assert "ask_day: It went on after 72 hours without an answer, when WhatsApp takes no words." in left


def test_a_studio_survey_sorts_by_number(base: Path) -> None:
    imported = Imported("studio_survey.json", base)
    talk = imported.talk()
    talk.says("pain diary")
    talk.says("YES")
    assert talk.says("2") == ["You wrote 2. Good to hear."]
    talk.says("pain diary")
    talk.says("yes")
    assert talk.says("7")[0] == "You wrote 7. We will look at it together."
    assert talk.conversation.control == "waiting", "a circle without a question ends with a person"
    assert 'pain: An answer is found by "regex", which has no counterpart.' in imported.left()


def test_nothing_that_is_there_is_changed(base: Path) -> None:
    before = {path.name: path.read_bytes() for path in base.iterdir()}
    first = import_flows(SAMPLES / "studio_survey.json", base, base)
    again = import_flows(SAMPLES / "studio_survey.json", base, base)
    assert (first.flows, again.flows) == (("pain_diary",), ("pain_diary_2",))
    assert {name: (base / name).read_bytes() for name in before} == before
    assert load_checked(base).sound
    assert any('"pain diary" means something else here already' in one.why for one in again.untranslated)


def test_a_flow_that_only_takes_calls_is_refused_with_words(base: Path, tmp_path: Path) -> None:
    flow = json.loads((SAMPLES / "studio_survey.json").read_text())
    del flow["definition"]["states"][0]["transitions"][0]["next"]
    file = tmp_path / "calls.json"
    file.write_text(json.dumps(flow))
    with pytest.raises(Refused, match=r"answers no messages\. It only takes calls"):
        import_flows(file, tmp_path / "new", base)
    assert not (tmp_path / "new").exists()


def test_what_is_too_much_for_whatsapp_is_cut_and_told(base: Path, tmp_path: Path) -> None:
    colours = [f"Colour {letter * 4}" for letter in "abcdefghijkl"]
    long = {"type": "send_msg", "text": "A sentence that goes on. " * 150 + "Which one?", "quick_replies": colours}
    cases = [{"type": "has_only_text", "arguments": [one], "category_uuid": one} for one in colours]
    categories = [{"uuid": one, "name": one, "exit_uuid": one} for one in colours]
    wait = {"uuid": "b", "router": {"wait": {"type": "msg"}, "cases": cases, "categories": categories,
                                    "result_name": "Colour"}, "exits": [{"uuid": one} for one in colours]}  # fmt: skip
    nodes = [{"uuid": "a", "actions": [long], "exits": [{"uuid": "ab", "destination_uuid": "b"}]}, wait]
    file = tmp_path / "long.json"
    file.write_text(json.dumps({"flows": [{"name": "Colours", "nodes": nodes}]}))
    arrived = import_flows(file, tmp_path / "new", base)
    loaded = load_checked(tmp_path / "new")
    assert [str(fault) for fault in loaded.faults if fault.level == "error"] == []
    assert loaded.clinic is not None
    talk = Talk(loaded.clinic)
    said = talk.says("colours")
    assert "".join(said).count("A sentence that goes on.") == 150, "no word is lost"
    assert said[-1].endswith("Which one?")
    assert len(talk.offered()) == 10
    assert any('left out: "Colour kkkk", "Colour llll"' in one.why for one in arrived.untranslated)
    assert talk.taps("Colour bbbb") == ["Thank you."]
