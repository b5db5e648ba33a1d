"""The safety texts: what a patient reads when her message may speak of an emergency.

They are no flow content: admins cannot edit, delete or route around them. They are drafts in our own words, after the
signs on the NHS page on sciatica and the cauda equina warning card of Greenhalgh, Mercer and Finucane; the clinic's
doctor checks them, and only then are SIGNED_BY and SIGNED_ON filled in. Whoever changes a text raises VERSION; a test
holds the two together. Numbers: 995 is Singapore's emergency ambulance, 1767 the Samaritans of Singapore, 1771 the
national mindline.
"""

from collections.abc import Mapping
from types import MappingProxyType

VERSION = 1
SIGNED_BY: str | None = None
SIGNED_ON: str | None = None

LENGTH_MAX = 600
"""Characters: a safety text arrives whole, in one message, on every channel."""

FULL: Mapping[str, str] = MappingProxyType(
    {
        "en": (
            "⚠️ This chat is not for emergencies and is not watched all the time. Go to the nearest hospital A&E now, "
            "do not wait for a reply, if you have back or leg pain with ANY of these, new or getting worse: numbness or "
            "tingling around your genitals, back passage, buttocks or inner thighs; trouble starting, stopping or feeling "
            "when you pee; leaking pee or poo, or not feeling it; pain, numbness or weakness in BOTH legs; new loss of "
            "sexual feeling or function. If you cannot get there safely, or it is life-threatening, call 995."
        ),
        "zh": (
            "⚠️ 此聊天不用于紧急情况，也不是随时有人查看。如果您有背痛或腿痛，并且出现以下任何一种情况（新出现或正在加重），"
            "请立即前往最近的医院急诊部（A&E），不要等待回复：生殖器、肛门、臀部或大腿内侧周围麻木或刺麻；小便难以开始、"
            "难以停止，或小便时没有感觉；漏尿或漏便，或自己没有察觉；双腿疼痛、麻木或无力；新出现的性感觉或性功能丧失。"
            "如果您无法安全前往，或有生命危险，请拨打 995。"
        ),
        "ms": (
            "⚠️ Sembang ini bukan untuk kecemasan dan tidak dipantau sepanjang masa. Pergi ke A&E hospital terdekat sekarang, "
            "jangan tunggu balasan, jika anda sakit belakang atau kaki dengan MANA-MANA tanda ini, baharu atau semakin teruk: "
            "kebas di sekitar kemaluan, dubur, punggung atau celah paha; susah mula, henti atau rasa semasa kencing; kencing "
            "atau najis bocor, atau tidak terasa; sakit, kebas atau lemah di KEDUA-DUA kaki; hilang rasa atau fungsi seksual "
            "yang baharu. Jika tidak dapat pergi dengan selamat, atau nyawa terancam, hubungi 995."
        ),
        "ta": (
            "⚠️ இந்த உரையாடல் அவசரநிலைக்கு அல்ல; எப்போதும் கண்காணிக்கப்படுவதில்லை. முதுகு அல்லது கால் வலியுடன் இவற்றில் "
            "ஏதேனும் ஒன்று புதிதாகவோ மோசமாகவோ இருந்தால், பதிலுக்குக் காத்திராமல் உடனே அருகிலுள்ள மருத்துவமனை A&E "
            "செல்லுங்கள்: பிறப்புறுப்பு, ஆசனவாய், பிட்டம், உள் தொடையில் மரத்தல் அல்லது கூச்சம்; சிறுநீரைத் தொடங்க, நிறுத்த, "
            "உணர சிரமம்; சிறுநீர் அல்லது மலம் தெரியாமல் கசிதல்; இரண்டு கால்களிலும் வலி, மரத்தல், பலவீனம்; பாலியல் உணர்வு "
            "அல்லது செயல்பாடு புதிதாக இழத்தல். பாதுகாப்பாகச் செல்ல முடியாவிட்டால் அல்லது உயிருக்கு ஆபத்து என்றால் 995 அழையுங்கள்."
        ),
    }
)
"""The full list of signs, one text a language (ISO 639-1)."""

FOOT: Mapping[str, str] = MappingProxyType(
    {
        "en": (
            "This is general information, not a diagnosis. Numbness around the genitals or bottom, trouble with pee or poo, "
            "or symptoms in BOTH legs: go to A&E now (995 if you cannot get there safely). Reply SAFETY for the full list, "
            "HUMAN for our staff."
        ),
        "zh": (
            "以上为一般信息，并非诊断。如生殖器或臀部周围麻木、大小便有困难，或双腿都有症状：请立即前往急诊部 A&E"
            "（无法安全前往请拨 995）。回复 SAFETY 查看完整列表，回复 HUMAN 联系我们的职员。"
        ),
        "ms": (
            "Ini maklumat am, bukan diagnosis. Kebas di sekitar kemaluan atau punggung, masalah kencing atau buang air besar, "
            "atau gejala di KEDUA-DUA kaki: pergi ke A&E sekarang (995 jika tidak dapat pergi dengan selamat). Balas SAFETY "
            "untuk senarai penuh, HUMAN untuk kakitangan kami."
        ),
        "ta": (
            "இது பொதுத் தகவல்; நோயறிதல் அல்ல. பிறப்புறுப்பு அல்லது பிட்டத்தில் மரத்தல், சிறுநீர் அல்லது மலம் கழிப்பதில் சிரமம், "
            "இரண்டு கால்களிலும் அறிகுறிகள்: உடனே A&E செல்லுங்கள் (பாதுகாப்பாகச் செல்ல முடியாவிட்டால் 995). முழுப் பட்டியலுக்கு "
            "SAFETY, ஊழியருக்கு HUMAN என்று பதிலளியுங்கள்."
        ),
    }
)
"""The footer under answers, but those of FOOTLESS."""

SELF_HARM: Mapping[str, str] = MappingProxyType(
    {
        "en": (
            "We are sorry you are going through so much pain. You do not have to face it alone. If you are in danger now, "
            "call 995. To talk to someone at any time: Samaritans of Singapore 1767 (WhatsApp 9151 1767) or national "
            "mindline 1771 (WhatsApp 6669 1771). This chat is not watched all the time, so please do not wait here for a "
            "reply. Our staff will see your message."
        ),
        "zh": (
            "很难过您正承受这么大的痛苦。您不必独自面对。如果您现在有危险，请拨打 995。随时可以找人倾谈：新加坡援人协会 1767"
            "（WhatsApp 9151 1767），或全国心理热线 1771（WhatsApp 6669 1771）。此聊天不是随时有人查看，请不要在这里等待回复。"
            "我们的职员会看到您的信息。"
        ),
        "ms": (
            "Kami bersimpati anda menanggung kesakitan ini. Anda tidak perlu menghadapinya seorang diri. Jika anda dalam "
            "bahaya sekarang, hubungi 995. Untuk bercakap dengan seseorang pada bila-bila masa: Samaritans of Singapore 1767 "
            "(WhatsApp 9151 1767) atau national mindline 1771 (WhatsApp 6669 1771). Sembang ini tidak dipantau sepanjang "
            "masa, jadi jangan tunggu balasan di sini. Kakitangan kami akan melihat mesej anda."
        ),
        "ta": (
            "நீங்கள் இவ்வளவு வேதனையை அனுபவிப்பதை அறிந்து வருந்துகிறோம். நீங்கள் தனியாக இல்லை. இப்போது ஆபத்தில் இருந்தால் 995 "
            "அழையுங்கள். எந்நேரமும் பேச: Samaritans of Singapore 1767 (WhatsApp 9151 1767) அல்லது national mindline 1771 "
            "(WhatsApp 6669 1771). இந்த உரையாடல் எப்போதும் கண்காணிக்கப்படுவதில்லை; பதிலுக்காக இங்கே காத்திருக்க வேண்டாம். "
            "எங்கள் ஊழியர்கள் உங்கள் செய்தியைப் பார்ப்பார்கள்."
        ),
    }
)
"""For a message that speaks of ending one's life."""

EMERGENCY: Mapping[str, str] = MappingProxyType(
    {
        "en": (
            "⚠️ Please call 995 now, or ask someone near you to call. Do not wait for a reply: this chat is not for "
            "emergencies and is not watched all the time. Call 995 for chest pain, trouble breathing, sudden weakness of the "
            "face, arm or leg, sudden trouble speaking, a fit, fainting, or a bad fall or accident."
        ),
        "zh": (
            "⚠️ 请立即拨打 995，或请身边的人帮您拨打。不要等待回复：此聊天不用于紧急情况，也不是随时有人查看。"
            "胸痛、呼吸困难、突然脸部或手脚无力、突然说话困难、抽搐、昏倒，或严重跌倒、意外，都请拨打 995。"
        ),
        "ms": (
            "⚠️ Sila hubungi 995 sekarang, atau minta orang berdekatan menghubunginya. Jangan tunggu balasan: sembang ini "
            "bukan untuk kecemasan dan tidak dipantau sepanjang masa. Hubungi 995 untuk sakit dada, susah bernafas, muka, "
            "tangan atau kaki tiba-tiba lemah, tiba-tiba susah bercakap, sawan, pengsan, atau jatuh atau kemalangan teruk."
        ),
        "ta": (
            "⚠️ உடனே 995 அழையுங்கள், அல்லது அருகில் உள்ளவரை அழைக்கச் சொல்லுங்கள். பதிலுக்காகக் காத்திருக்க வேண்டாம்: இந்த "
            "உரையாடல் அவசரநிலைக்கு அல்ல; எப்போதும் கண்காணிக்கப்படுவதில்லை. நெஞ்சு வலி, மூச்சுத் திணறல், முகம், கை அல்லது கால் "
            "திடீர் பலவீனம், திடீரெனப் பேச முடியாமை, வலிப்பு, மயக்கம், மோசமான விழுகை அல்லது விபத்து: 995 அழையுங்கள்."
        ),
    }
)
"""For what an ambulance is called for: the families of BY_FAMILY."""

BY_FAMILY: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "self_harm": SELF_HARM,
        "chest": EMERGENCY,
        "stroke": EMERGENCY,
        "breath": EMERGENCY,
        "fit": EMERGENCY,
        "trauma": EMERGENCY,
    }
)
"""Which text a family of `safety_lexicon` gets; every other family gets FULL."""

FOOTLESS = frozenset(
    f"FAQ-{number:02}" for number in (1, 3, 4, 5, 6, 8, 9, 10, 13, 14, *range(16, 31), 33, 34, 35, 36, 37)
)
"""The reviewed questions whose answers touch no sign. Any other id carries the footer, also one that nobody knows."""
