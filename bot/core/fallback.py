"""What Twilio answers a patient with when we cannot: the words for emergencies in every language, and nothing else.

They are a file that needs no program, to be kept on another host, or pasted into a TwiML Bin at Twilio itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from bot.core import safety_texts

MESSAGE_CHARACTERS_MAX = 1600
FILE = "fallback.xml"
HOW_TO = """\
{file} is what Twilio answers patients with while Frontdesk cannot: the clinic's words for emergencies
(version {version}). Keep it where it is reached when Frontdesk is not:

- Twilio console > TwiML Bins > new: paste the file, and take the address that Twilio gives it. Or
- put the file on any other web host, under https, served as text/xml.

Then, in the Twilio console, at the WhatsApp sender: enter that address as the fallback URL, with method GET, unless it
is a TwiML Bin, which takes both. Twilio's log shows which messages were answered so.

Write the file anew when the words for emergencies or the clinic's telephone number change.
"""


def words(phone: str) -> tuple[str, ...]:
    """The full list of warning signs in each language, in few messages; the clinic's telephone last."""
    packed: list[str] = []
    for text in (*safety_texts.FULL.values(), *([f"☎ {phone}"] if phone else [])):
        if packed and len(packed[-1]) + 2 + len(text) <= MESSAGE_CHARACTERS_MAX:
            packed[-1] += f"\n\n{text}"
        else:
            packed.append(text)
    return tuple(packed)


def twiml(texts: Sequence[str]) -> str:
    """An answer to Twilio that says these texts, or nothing."""
    said = "".join(f"<Message>{escape(text)}</Message>" for text in texts)
    response = f"<Response>{said}</Response>" if said else "<Response/>"
    return f'<?xml version="1.0" encoding="UTF-8"?>{response}'


def how_to() -> str:
    """What to do with the file, for whoever put it there."""
    return HOW_TO.format(file=FILE, version=safety_texts.VERSION)
