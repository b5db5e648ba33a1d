"""The words by which claims and comfort are recognised, by language, as data for people of that language to correct.

Each line is a part of a regular expression. In English and Malay a part is whole words; Chinese and Tamil write on, so
there a part is found inside of words too. English was gone through word by word; Chinese, Malay and Tamil are drafts
that name only what has no harmless reading, and native speakers have to go through them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

_EVERYWHERE = r"100 ?%|[★⭐]"


def _words(parts: Iterable[str]) -> str:
    return rf"\b(?:{'|'.join(parts)})\b"


_NEVER = {
    "en": _words((
        # grades and comforts
        "not (?:urgent|serious)", "low risk", "harmless", "nothing to worry", "(?:don.t|do not|no need to) worry",
        "you(?: are|.re| will be|.ll be) fine", "is (?:quite |perfectly |completely |all )?normal",
        # promises, praises above others, shows witnesses
        r"guarantee\w*", "pain-?free", "painless", "cure[sd]?", "most effective", "safest", "world.class",
        "success rates?", "patients say", "before.and.after (?:photo|picture|image)s?", r"no\. ?1", "number one",
        "better than (?:other|any|most)",
        # advises and finds out
        "you should (?:take|stop|start|rest|exercise|fast)", "you need (?:an? )?(?:mri|surgery|operation)",
        "you (?:probably )?have (?:a |an )?(?:slipped|pinched|sciatica|stenosis)",
        # is somebody
        "i am (?:an? )?(?:nurse|doctor|human|person)",
    )),
    "zh": "|".join((
        "不(?:紧急|緊急|严重|嚴重)", "(?:不用|不必|无需|無需|别|別)(?:担心|擔心)", "请放心|請放心",
        "(?:会|會)没事|沒事的", "(?:是|很|完全|一切|属于|屬於)正常", "无害|無害",
        "风险(?:很)?低|風險(?:很)?低|低风险|低風險",
        "保证|保證", "根治|治愈|治癒|包好|包治", "无痛|無痛", "最有效|最安全", "成功率", "世界级|世界級",
        "患者都?[说說](?!明)", "第一名|首屈一指", "术前术后|術前術後",
        "比(?:其他|其它|别的|別的)(?:诊所|診所|医院|醫院)",
        "[您你](?:应该|應該)(?:服|吃|停|休息|运动|運動|禁食)", "[您你]需要(?:做|接受)?(?:手术|手術|核磁共振|MRI)",
        "[您你](?:可能)?(?:患有|得了)", "我是(?:一?[名位个個])?(?:护士|護士|医生|醫生|真人|人类|人類)",
    )),
    "ms": _words((
        "(?:tidak|tak) (?:serius|mendesak|berbahaya|membahayakan)", "(?:ber)?risiko rendah",
        "(?:jangan|usah|(?:tidak|tak) perlu) (?:risau|bimbang|khuatir)", "anda akan (?:sembuh|pulih|baik)",
        "(?:adalah|ialah|memang|itu|ini) (?:perkara )?(?:normal|biasa)",
        "(?:di|men)?jamin", "tanpa (?:rasa )?sakit", "menyembuhkan", "paling (?:berkesan|selamat)", "kadar kejayaan",
        "bertaraf dunia", "pesakit (?:kami )?(?:kata|berkata)", "nombor satu", r"no\. ?1", "lebih baik daripada",
        "anda (?:patut|harus|perlu) (?:makan ubat|berhenti|berehat|bersenam|berpuasa)",
        "anda (?:perlu|perlukan|memerlukan) (?:pembedahan|mri)", "anda (?:mungkin )?menghidap",
        "saya (?:seorang |ialah )?(?:jururawat|doktor|manusia)",
    )),
    "ta": "|".join((
        "அவசரம் ?இல்லை|அவசரமில்லை", "தீவிரம் ?இல்லை|தீவிரமில்லை|தீவிரமானது அல்ல", "ஆபத்து ?இல்லை|ஆபத்தில்லை|ஆபத்தற்ற",
        "கவலை(?:ப்படத்?|ப்பட)? ?(?:வேண்டாம்|தேவையில்லை)", "பயப்பட(?:த்)? ?(?:வேண்டாம்|தேவையில்லை)",
        "(?:இது|அது) (?:இயல்பானது|சாதாரணமானது)",
        "உத்தரவாதம்|உத்திரவாதம்", "வலியற்ற", "குணப்படுத்த|குணமாக்க", "மிகவும் பாதுகாப்பான", "வெற்றி விகித", "உலகத் ?தர",
        "முதலிட", "உங்களுக்கு (?:அறுவை சிகிச்சை|எம்ஆர்ஐ|MRI) (?:தேவை|வேண்டும்)",
        "நான் (?:ஒரு )?(?:செவிலியர்|மருத்துவர்|மனிதர்)",
    )),
}  # fmt: skip
_PRAISE = {
    "en": _words((
        "best", "leading", "top", "renowned", "unique", r"award\w*", r"expert\w*", "trusted by", "state.of.the.art",
        "proven", r"permanent\w*", r"discount\w*", r"promo\w*", "free of charge", "for free", "24/7",
        "as soon as possible", "right away",
    )),
    "zh": "|".join((
        "最佳|最优秀|最優秀", "领先|領先", "顶尖|頂尖|顶级|頂級", "著名|知名", "独一无二|獨一無二", "获奖|獲獎",
        "值得信赖|值得信賴", "先进|先進", "永久", "折扣|优惠|優惠|促销|促銷", "免费|免費", "全天候",
        "尽快|盡快|儘快|马上|馬上",
    )),
    "ms": _words((
        "terbaik", "terkemuka", "terulung", "tersohor", "unik", "anugerah", "dipercayai oleh", "tercanggih", "terbukti",
        "selama-lamanya", "diskaun", "promosi", "percuma", "24/7", "secepat mungkin",
    )),
    "ta": "|".join((
        "மிகச் ?சிறந்த|தலைசிறந்த", "முன்னணி", "புகழ்பெற்ற", "விருது", "தள்ளுபடி|சலுகை", "இலவச", "நிரந்தரமாக", "உடனடி சேவை",
    )),
}  # fmt: skip


def _compiled(parts: Mapping[str, str], besides: str = "") -> Mapping[str, re.Pattern[str]]:
    return MappingProxyType({code: re.compile(f"(?i){words}{besides}") for code, words in parts.items()})


NEVER = _compiled(_NEVER, f"|{_EVERYWHERE}")
"""What no text may say, by language code: it grades, comforts, promises or advises."""
PRAISE = _compiled(_PRAISE)
"""What reads as praise or promotion, and may have another reading, by language code."""
