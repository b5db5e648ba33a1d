"""Places, contact cards and replies to our own words, from Twilio's form to the thread: text that can be copied."""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient

from bot.core.contact_card import ContactCard, read_cards, written
from bot.desk import replaying
from bot.desk.dossier import dossier
from bot.desk.media import forget_media, tend_media
from bot.desk.speaking import send
from bot.desk.turns import conversation_id
from bot.ports import Fetched
from bot.web import create_webhook
from tests.browser.scene import hostile
from tests.fakes import FakeCarrier, FakeClock, FakeMediaSource
from tests.universe import MEI_LING, RAVI
from tests.web.desk_pages import ANA, Front, open_front
from tests.web.signed import DOOR, TEXT, post

pytestmark = pytest.mark.usefixtures("nothing_private_is_logged")

PLACE = {
    "Body": "",
    "MessageType": "location",
    "Latitude": "1.3048",
    "Longitude": "103.8318",
    "Label": "Kopitiam <b>Orchard</b>",
    "Address": "437 Orchard Road, Singapore 238878",
}
CARD_AT = (
    "https://api.twilio.com/2010-04-01/Accounts/AC" + "1" * 32 + "/Messages/MM" + "2" * 32 + "/Media/ME" + "3" * 32
)
CARD = {"Body": "", "MessageType": "contacts", "NumMedia": "1", "MediaContentType0": "text/vcard", "MediaUrl0": CARD_AT}
RAW = re.compile(r"<(?:script>alert|img src=x|svg onload|iframe|base |meta http-equiv=refresh|details open)")


@dataclass
class MeiLing:
    """She sends what is no words, through the webhook."""

    front: Front
    webhook: FlaskClient
    source: FakeMediaSource
    carrier: FakeCarrier
    sids: int = 0

    @property
    def conversation(self) -> str:
        return conversation_id(self.front.desk.conversation_key, MEI_LING)

    def sends(self, form: dict[str, str]) -> None:
        self.sids += 1
        assert post(self.webhook, {**TEXT, "MessageSid": f"SM{self.sids:032x}", **form}).status_code == 200

    def sends_card(self, *cards: ContactCard) -> None:
        self.source.files[CARD_AT] = Fetched(written(cards), "text/vcard")
        self.sends(CARD)
        with self.front.desk.book.begin() as ledger:
            due = ledger.media_due(self.front.clock.epoch, 10)
        for id in due:
            tend_media(self.front.desk, id)

    def reads(self, page: str = "") -> str:
        return self.front.at_desk().gets(f"/desk/inbox/{self.conversation}{page}").text

    def thread(self, page: str = "") -> str:
        """What stands there once its marks are taken away."""
        return " ".join(re.sub(r"<[^>]*>", " ", self.reads(page)).split())


@pytest.fixture
def mei_ling(sqlite_url: str) -> Iterator[MeiLing]:
    clock, source = FakeClock(), FakeMediaSource()
    carrier = FakeCarrier(clock)
    with open_front(sqlite_url, clock=clock, carrier=lambda: carrier, media_source=lambda: source) as front:
        yield MeiLing(front, create_webhook(front.desk, DOOR, 8001).test_client(), source, carrier)


def test_a_place_stands_in_the_thread_on_paper_and_in_its_row(mei_ling: MeiLing) -> None:
    mei_ling.sends(PLACE)
    for page in ("", "/print"):
        shown = mei_ling.thread(page)
        for words in ("Kopitiam &lt;b&gt;Orchard&lt;/b&gt;", "437 Orchard Road, Singapore 238878", "1.3048, 103.8318"):
            assert words in shown
    rows = mei_ling.front.at_desk().gets("/desk/inbox").text
    assert "Place:</span> Kopitiam &lt;b&gt;Orchard&lt;/b&gt;, 437 Orchard Road" in rows


def test_a_place_is_shown_without_asking_anybody_else(mei_ling: MeiLing) -> None:
    mei_ling.sends(PLACE)
    named = re.search(r'<div class="line-named">.*?</div>', mei_ling.reads(), re.DOTALL)
    assert named is not None
    assert not re.search(r"href|src|https?:|url\(", named[0])


@pytest.mark.parametrize("nowhere", [{"Latitude": "999"}, {"Longitude": "nan"}, {"Latitude": "1.3048; DROP"}])
def test_coordinates_that_are_none_are_left_out_and_the_name_stays(mei_ling: MeiLing, nowhere: dict[str, str]) -> None:
    mei_ling.sends({**PLACE, **nowhere})
    shown = mei_ling.thread()
    assert "437 Orchard Road" in shown
    assert "103.8318" not in shown
    assert next(iter(nowhere.values())) not in shown


def test_a_place_of_which_nothing_is_left_is_still_said_to_be_one(mei_ling: MeiLing) -> None:
    mei_ling.sends({**PLACE, "Latitude": "north", "Label": "\x00", "Address": ""})
    assert "Sent a place" in mei_ling.thread()


def test_hostile_places_cards_and_quotes_are_only_ever_text(mei_ling: MeiLing) -> None:
    for text in hostile():
        mei_ling.sends({**PLACE, "Label": text, "Address": text})
    mei_ling.sends_card(*(ContactCard(text[:50].replace("\0", ""), ("1" + text[:30],)) for text in hostile()[:9]))
    for page in ("", "/print"):
        text = mei_ling.reads(page)
        assert not RAW.search(text)
        assert ">49<" not in text
    assert not RAW.search(mei_ling.front.at_desk().gets("/desk/inbox").text)


def test_a_place_twice_in_one_form_is_refused(mei_ling: MeiLing) -> None:
    for name in ("Label", "Address", "Latitude", "OriginalRepliedMessageSid"):
        pairs = [*{**TEXT, **PLACE}.items(), (name, "1"), (name, "2")]
        assert post(mei_ling.webhook, pairs).status_code == 400


def test_a_contact_card_is_fetched_and_shown_as_names_and_numbers(mei_ling: MeiLing) -> None:
    mei_ling.sends_card(ContactCard("Dr Lim Wei", ("+65 6000 0000",)), ContactCard("", ("995",)))
    shown = mei_ling.thread()
    assert "Dr Lim Wei +65 6000 0000" in shown
    assert "Without a name 995" in shown
    assert "[Contact card] Dr Lim Wei, +65 6000 0000" in mei_ling.thread("/print")


def test_a_card_says_why_it_is_not_there(mei_ling: MeiLing) -> None:
    mei_ling.sends(CARD)
    assert "The file is being fetched from Twilio" in mei_ling.thread()
    mei_ling.sends_card(ContactCard("Dr Lim Wei"))
    forget_media(mei_ling.front.desk, mei_ling.conversation)
    shown = mei_ling.thread()
    assert "deleted after the clinic" in shown
    assert "Dr Lim Wei" not in shown


def test_a_place_and_a_card_are_taken_out_with_everything_else(mei_ling: MeiLing) -> None:
    mei_ling.sends(PLACE)
    mei_ling.sends_card(ContactCard("Dr Lim Wei", ("+65 6000 0000",)))
    archive = zipfile.ZipFile(io.BytesIO(dossier(mei_ling.front.desk, ANA, 0, (mei_ling.conversation,))))
    assert "Kopitiam <b>Orchard</b>, 437 Orchard Road" in archive.read("conversations.txt").decode()
    assert "1.3048" in archive.read("data.json").decode()
    (card,) = [name for name in archive.namelist() if name.endswith(".vcf")]
    assert read_cards(archive.read(card)) == (ContactCard("Dr Lim Wei", ("+65 6000 0000",)),)


def test_turns_of_places_and_replies_are_decided_again_as_they_were(mei_ling: MeiLing) -> None:
    mei_ling.sends({"Body": "hello", "OriginalRepliedMessageSid": "SM" + "f" * 32})
    mei_ling.sends(PLACE)
    desk = mei_ling.front.desk
    (talk,) = replaying.conversations(desk.book, 0)
    came = replaying.replay(*talk, replaying.every_edition(desk))
    assert (came.same, came.different, came.unknown) == (2, (), 0)


def test_a_reply_to_words_of_ours_stands_under_them(mei_ling: MeiLing) -> None:
    mei_ling.sends({"Body": "hello"})
    send(mei_ling.front.desk, (mei_ling.conversation,), "sender")
    ours = mei_ling.carrier.posted[0]
    mei_ling.sends({"Body": "What do you mean?", "OriginalRepliedMessageSid": ours.sid})
    begins = " ".join(ours.outgoing.text.split())[:119]
    for page in ("", "/print"):
        assert f"In reply to: {begins}… " in html.unescape(mei_ling.thread(page))


@pytest.mark.parametrize("sid", ["SM" + "f" * 32, "nonsense", "<script>", f"SM{1:032x}"])
def test_a_reply_to_what_is_not_ours_quotes_nothing(mei_ling: MeiLing, sid: str) -> None:
    mei_ling.sends({"Body": "hello"})
    mei_ling.sends({"Body": "What do you mean?", "OriginalRepliedMessageSid": sid})
    shown = mei_ling.thread()
    assert "What do you mean?" in shown
    assert "In reply to" not in shown


def test_what_was_said_to_somebody_else_is_never_quoted(mei_ling: MeiLing) -> None:
    mei_ling.sends({"Body": "hello", "From": RAVI})
    send(mei_ling.front.desk, (conversation_id(mei_ling.front.desk.conversation_key, RAVI),), "sender")
    mei_ling.sends({"Body": "And this?", "OriginalRepliedMessageSid": mei_ling.carrier.posted[0].sid})
    assert "In reply to" not in mei_ling.thread()
