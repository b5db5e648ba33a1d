"""What patients write when a follow-up was the last thing said, in the languages we speak.

Labels of the buttons always count. A phrase that stands under two answers ("cannot come" may mean another time, or not
at all) is asked back, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.core.answers import Offered, fold, options_meant
from bot.core.events import Message
from bot.core.phrases import led_to

NOT_ME = "not me"
"""The answer of somebody who is not the patient. It has no button."""
SHORT_WORDS_MAX = 7
"""In longer messages only phrases count: "yes" may stand in any sentence."""
_CHANGES = frozenset({"move", "cancel"})
_THUMBS = ("👍", "👌", "✅", "🙏")


def _list(words: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in words.split(",") if one.strip())


_CANNOT = _list("""
    no, nope, can't come, cant come, cannot come, can not come, can't make it, cant make it, cannot make it,
    unable to come, unable to make it, not able to come, not coming, won't come, wont come, not free,
    不, 不行, 不能来, 来不了, 去不了, 不能去, 没空, 没办法来, 不来, 不去了,
    tidak, tak, tak dapat datang, tidak dapat datang, tak boleh datang, tak jadi datang, tidak boleh datang,
    இல்லை, வர முடியாது, வரமுடியாது, வர இயலாது
""")
_YES = _list("""
    yes, yeah, yep, yup, ya, ok, okay, k, okie, sure, can, confirm, confirmed, i confirm, correct, right,
    i am coming, i'm coming, will come, i will come, i'll come, will be there, i will be there, i'll be there, see you,
    好, 好的, 是, 是的, 对, 可以, 行, 确认, 确定, 会来, 我会来, 会到, 会去, 没问题, 收到,
    boleh, baik, setuju, sah, sahkan, saya datang, akan datang, saya akan datang, saya sahkan, jadi,
    ஆம், சரி, வருகிறேன், வருவேன், உறுதி
""")
_MOVE = _list("""
    move, need to move, change, change it, change the time, change time, reschedule, postpone, another time,
    another day, different time, different day, other time, other day, can i move it, can i change, later date,
    改, 改期, 改时间, 换时间, 换个时间, 改天, 延期, 推迟, 另一个时间,
    tukar, tukar masa, tukar hari, tangguh, tunda, masa lain, hari lain,
    மாற்ற, மாற்று, நேரம் மாற்ற, வேறு நேரம், வேறு நாள், தள்ளி வைக்க
""")
_CANCEL = _list("""
    cancel, cancel it, please cancel, cancel my appointment, don't want, dont want it, no need, not needed any more,
    取消, 取消预约, 不要了, 不用了,
    batal, batalkan, tak perlu, tidak perlu,
    ரத்து, ரத்து செய், வேண்டாம்
""")
_NOT_ME = _list("""
    not me, it's not me, its not me, this is not me, wrong number, wrong person, wrong patient, not my appointment,
    i have no appointment, i did not book, i didn't book, i don't know this person,
    不是我, 打错了, 发错了, 发错人, 错号, 不是我的预约, 我没有预约, 我没预约,
    bukan saya, salah nombor, salah orang, bukan temu janji saya,
    நான் இல்லை, தவறான எண், நான் அல்ல, என்னுடையது அல்ல
""")
_NO = _list("""
    no, nope, no thanks, no thank you, not now, later,
    不, 不用, 不了, 不用了, tidak, tak, tak perlu, இல்லை, வேண்டாம்
""")
_WELL = _list("""
    fine, i am fine, i'm fine, all good, all well, good, very good, no problem,
    很好, 还好, 没事, sihat, baik, நலம்
""")
_CALL = _list("""
    call me, please call, please call me, i need help,
    打电话给我, 请联系我, telefon saya, அழைக்கவும்
""")

WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "confirm": _YES,
        "move": (*_MOVE, *_CANNOT),
        "cancel": (*_CANCEL, *_CANNOT),
        "book": (*_YES, "book", "预约", "tempah"),
        "no": _NO,
        "take": (*_YES, "take it", "take this time", "i take it", "i want it"),
        "keep": (*_NO, "keep", "keep mine"),
        "well": _WELL,
        "call": _CALL,
    }
)


def answers_meant(message: Message, labels: Mapping[str, tuple[str, ...]], surely_a_question: bool) -> tuple[str, ...]:
    """Which answers words may mean: none, one, or several. ``labels`` are the buttons' by answer, in every language.

    A "yes" inside what the FAQ surely answers means nothing.
    """
    text = message.text.strip()
    folded = fold(text)
    if led_to(_phrases({NOT_ME: _NOT_ME}), folded):
        return (NOT_ME,)
    if text.startswith(_THUMBS) and not folded:
        return tuple(option for option in ("confirm",) if option in labels)
    offered = [Offered(option, (*shown, *WORDS.get(option, ()))) for option, shown in labels.items()]
    exactly = tuple(one.id for one in offered if folded and folded in map(fold, one.words))
    if exactly:
        return exactly
    # "Can I come another day?" is answered better by doing it than by the FAQ; a "yes" inside a question means nothing.
    found = _contained_anywhere([one for one in offered if not surely_a_question or one.id in _CHANGES], folded)
    if found or surely_a_question or len(folded.split()) > SHORT_WORDS_MAX:
        return found
    return options_meant(text, message.reading, offered)


def _contained_anywhere(offered: list[Offered], folded: str) -> tuple[str, ...]:
    """Answers whose phrases stand in the words: the longest phrase counts, for every answer it is under."""
    meant: dict[str, int] = {}
    for one in offered:
        phrases = _phrases({one.id: one.words})
        meant[one.id] = max((len(words) for words in phrases if led_to({words: one.id}, folded)), default=0)
    longest = max(meant.values(), default=0)
    found = tuple(id for id, length in meant.items() if length == longest > 0)
    # "Yes, can I come another day": she says what she wants, and is asked again before it is done.
    return tuple(id for id in found if id in _CHANGES) or found


def _phrases(words: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Phrases that mean something inside a sentence: two words or more, or two characters where no spaces are."""
    folded = ((fold(one), id) for id, several in words.items() for one in several)
    return {one: id for one, id in folded if " " in one or (len(one) > 1 and not one.isascii())}
