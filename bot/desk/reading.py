"""Reading what a patient wrote, once, before the turn. The same words at the same moment always read the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo
from types import MappingProxyType

from bot.core.answers import fold
from bot.core.events import Reading
from bot.core.flow import Clinic
from bot.core.red_flags import find_red_flags
from bot.desk.dates import find_dates, find_no_such_day, find_part_of_day, find_times
from bot.desk.faq_index import FaqIndex
from bot.desk.named_days import NamedDays

NOTHING_CLOSED: Mapping[date, str] = MappingProxyType({})
TEXT_CHARACTERS_MAX = 4096
"""WhatsApp allows no more in one message; whatever is longer is not read further."""

_YES = frozenset(
    """yes yeah yep yup ya ok okay okie sure correct confirm confirmed can right y
    好 好的 是 是的 对 可以 确认 行 boleh betul setuju ஆம் சரி""".split()
)
_NO = frozenset("no nope nah n not 不 不是 不要 不行 不用 没有 tidak tak jangan இல்லை வேண்டாம்".split())
_NUMBER = re.compile(r"(?<!\d)(\d{1,6})(?!\d)")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_HAN = re.compile(r"[\u3400-\u9fff]")
_TAMIL = re.compile(r"[\u0b80-\u0bff]")
_MALAY_WORDS = frozenset(
    """saya nak mahu hendak boleh tak tidak ada apa bila mana berapa kenapa bagaimana macam sakit kaki belakang
    pinggang doktor temujanji janji temu batal tukar masa hari esok klinik tolong terima kasih selamat pagi petang jumpa
    dengan untuk buat tempah kebas lemah kencing ubat rawatan harga itu ini kena sudah belum lepas selepas sebelum
    kalau jika sebab kerana punca rawat dirawat bedah pembedahan operasi suntikan cucuk saraf tulang pusat pakar
    periksa pemeriksaan ujian imbasan lain sama beza siapa mengapa adakah ialah adalah akan perlu patut mesti
    wajib sendiri saja sahaja lagi juga kami kita awak anda mereka orang gejala simptom rasa minggu bulan tahun
    semalam malam dekat daripada sampai hingga tapi tetapi atau jadi beri dapat ambil tengok cakap kata tanya
    soalan maksud maksudnya apakah penyakit sembuh teruk sebelah kiri kanan otot tanda disebabkan mungkin pernah
    dulu badan selain antara sesuai cara cari guna sebenarnya benda memang sangat""".split()
)
_MALAY_PARTICLES = frozenset("tu ni ke je lah dan di pun kat pada dari yang dah nya ya".split())
"""They count beside a Malay word only: alone they may be somebody's name."""
_ENGLISH_WORDS = frozenset(
    """i my me the is are can do does what when where how why want need would like please book appointment pain leg back
    doctor hello hi thanks thank you for to and not have has with a an of in on at it will change cancel move""".split()
)


def reader(
    clinic: Clinic, zone: tzinfo, closed: Mapping[date, str] = NOTHING_CLOSED
) -> Callable[[str, datetime], Reading]:
    """A reader for one clinic: ``read(text, now)``. The FAQ is weighed once, here. Patients may call the days in
    ``closed`` by their names."""
    index, named = FaqIndex(clinic.questions), NamedDays(closed)
    country = str(clinic.facts.get("country") or "SG")

    def read(text: str, now: datetime) -> Reading:
        text = text[:TEXT_CHARACTERS_MAX]
        if not text.strip():
            return Reading()
        folded, today = fold(text), now.astimezone(zone).date()
        return Reading(
            language=language_of(text) or index.language(text),
            red_flags=find_red_flags(text),
            faq=index.candidates(text),
            dates=find_dates(text, today, named),
            no_such_day=find_no_such_day(text, today),
            times=find_times(text),
            part_of_day=find_part_of_day(text),
            number=_number(text),
            phone=phone_in(text, country),
            email=_email(text),
            yes_no=yes_no(folded),
        )

    return read


def language_of(text: str) -> str | None:
    """The language a message is surely in (ISO 639-1), or None: a name or "ok" says nothing of a language."""
    if len(_TAMIL.findall(text)) >= 2:
        return "ta"
    if len(_HAN.findall(text)) >= 2:
        return "zh"
    words = fold(text).split()
    malay = sum(word in _MALAY_WORDS for word in words)
    malay += sum(word in _MALAY_PARTICLES for word in words) if malay else 0
    english = sum(word in _ENGLISH_WORDS for word in words)
    if malay >= 2 and malay > english:
        return "ms"
    if english >= 2 and english > malay:
        return "en"
    return None


def phone_in(text: str, country: str) -> str | None:
    """A phone number that can exist, as E.164, read as a local one of ``country`` where it has no country code."""
    if sum(map(str.isdigit, text)) < 7 or len(text) > 40:
        return None
    # Imported when the first number is seen: it is a tenth of what the web process weighs.
    import phonenumbers

    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def yes_no(folded: str) -> bool | None:
    """Whether a short reply says yes or no; None when it says neither, or both."""
    words = set(folded.split())
    if len(words) > 6:
        return None
    says_yes, says_no = bool(words & _YES), bool(words & _NO) or "dont" in words or "don't" in words
    return None if says_yes == says_no else says_yes


def _number(text: str) -> str | None:
    found = _NUMBER.findall(text)
    return str(int(found[0])) if len(found) == 1 else None


def _email(text: str) -> str | None:
    match = _EMAIL.search(text)
    return match.group(0).rstrip(".") if match else None
