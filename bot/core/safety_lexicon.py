"""The words by which a red flag is recognised, as data for a clinician to read and correct.

A `Lexicon` serves one language. `concepts` names groups of words and phrases, split at commas; `numb*` stands for every
word that begins so. `rules` says for each family which concepts must meet within `reach` words (Chinese: characters) of
one sentence: `numb + private`. `deniable` concepts do not count after one of `negators` ("no numbness down there");
"cannot" is a symptom here, never a denial. Drafts: a clinician and native speakers have to go through them.

A hit concludes nothing. It sends a fixed text, shows the conversation in red to the staff and stops the automation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

URGENCY = (
    "self_harm",
    "chest",
    "stroke",
    "breath",
    "fit",
    "trauma",
    "saddle",
    "bladder",
    "bowel",
    "both_legs",
    "foot_drop",
    "sexual",
    "fever",
    "cancer",
)
"""All families, the one that names the text first."""


@dataclass(frozen=True)
class Lexicon:
    """The red-flag words of one language; see the module's opening."""

    reach: int
    concepts: Mapping[str, str]
    rules: Mapping[str, tuple[str, ...]]
    deniable: frozenset[str]
    negators: str
    between: str
    """Words that may stand between a negator and what it denies."""
    joins: str
    """Words that carry a denial on: "no numbness or weakness"."""


SPELLINGS: Mapping[str, str] = MappingProxyType(
    {
        word: standard
        for standard, words in {
            "cannot": "inability cant canot cannnot cannt cnt cnot couldnt couldn unable cudnt coudnt cantt cannott",
            "not": "dont doesnt didnt dun dn isnt arent wasnt wont aint havent hasnt donot doesn didn don werent wouldnt nt",
            "you": "u",
            "my": "mi",
            "are": "r",
            "because": "bcos cos cuz",
            "feel": "fel feeel",
            "pee": "urinate urinating urinates urinated urination urine urinary peeing peed pees wee weeing weed weewee piss "
            "pissing peepee pipi peeping micturate urin",
            "poo": "poop poops pooping pooped pooing pooed poos stool stools faeces feces faecal fecal poopoo",
            "numb": "numbness nummb nubmness nub numbb numness numbing nubm numbed namb",
            "tingling": "tingle tingles tingly tingeling tinglin tinling",
            "weak": "weakness weaker weakened weakening weekness waek",
            "leak": "leaks leaking leaked leakage leeking leakin dribble dribbles dribbling drip drips dripping",
            "leg": "leggs",
            "legs": "legz",
            "both": "bot bth bothh",
            "groin": "groins groyne",
            "suicide": "suicidal sucide suiside",
        }.items()
        for word in words.split()
    }
)
"""One spelling for what is written in many ways, typing mistakes included."""

NOISE = frozenset(
    "a an the is am are was were be been being it its already alr alrd liao leh lah la lor sia ah hor lo meh eh "
    "really very so even also actually totally fully completely quite abit bit still then got that to of at "
    "anymore more my his her our your properly now much".split()
)
"""Words left out before matching: they only stand between the words that count."""

_MANY = ", ".join(map(str, range(15, 101)))
"""As many tablets as nobody is told to take at once."""
_DOSES = ", ".join(
    f"{number} {unit}" for number in range(15, 101)
    for unit in "mg ml mcg day days week weeks hari minggu minute minutes minit left".split()
)  # fmt: skip
"""Numbers beside which tablets are no many tablets."""
_KILOS = ", ".join(f"lost {number} kg, lost {number} kilos" for number in range(3, 31))

_EN = Lexicon(
    reach=7,
    concepts={
        "cannot": "cannot, can not, no urge, not get urge, lost urge, lost the urge, not pass*, have push, need push, push on tummy, press on tummy, push tummy, press tummy, "
        "push stomach, press stomach, trouble, troubles, difficult, difficulty, difficulties, hard, struggle*, struggling, "
        "strain*, unable, inability, problem, problems, issue, issues, loss, losing, lost, lose, no control, "
        "hardly, barely, hesita*, retention, unaware, change in, changes in, changed, altered, slow, weird, take long, takes long, took long, takes ages, take forever, takes forever, not know, "
        "not knowing, deteriorat*, worsen*, worse, stuck, blocked, not able, no longer, not sure, wrong",
        "pee": "pee, pang jio, pangjio, pang jeo, pass water, passing water, make water, water works, waterworks, bladder, pee flow, small business, "
        "number one in toilet, empty my bladder",
        "pee_loss": "pee not come out, pee not coming out, nothing comes out, nothing coming out, no stream, weak stream, "
        "water not come out, water cannot come out, toilet but nothing, toilet nothing, go toilet nothing, no urge pee, jio cannot come out, jio not come out, stop peeing midway, need pee but cannot, have go but cannot, want pee but cannot, "
        "not know bladder full, not know when bladder, not know if bladder, not know when need pee, "
        "no pee whole day, not pee, not peed, never pee, have not pee, no pee since, take long pee, "
        "takes long pee, takes ages pee, pee not flow, pee no flow, no bladder control, pee not feel, "
        "not feel pee, no feeling pee, cannot feel pee, bladder not empty, bladder not work*, "
        "bladder not feel, weak pee stream, weak pee flow, poor stream, poor flow, bladder not empty*, incontinen*, catheter cannot, pee come out itself, pee itself, pee by itself, "
        "hold pee cannot, no control pee, pee no control, pee without know*, pee without notic*, "
        "pee not stop, need wear pad*, need pad*, need use pad*, use pad*, using pad*, wear* pad*, "
        "wear* diaper*, need diaper*, use diaper*, using diaper*, adult diaper*, adult pamper*, need pamper*, "
        "wear pamper*, wet myself, wet himself, wet herself, wetting myself, wetting himself, "
        "wetting herself, wet bed, wet my bed, wetting bed, wetting my bed, wet my pants, wet pants, "
        "wet his pants, wet her pants, wetting my pants, pee my pants, pee in pants, pee in my pants, "
        "pee pants, pee myself, pee himself, pee herself, pee in bed, pee on myself, bladder numb, bladder paraly*, "
        "not make it toilet, not reach toilet, cannot hold it in, cannot hold in, cannot make it toilet, cannot reach toilet in time, "
        "cannot hold toilet, cannot control toilet, control toilet, cannot go toilet, "
        "not pass pee, cannot pass pee, lost control below, no control down there, bladder paralysed, "
        "accidents at night, accidents in bed, accident in bed, toilet accident*, bedwetting, bed wetting, wets bed, wets himself, "
        "wets herself, wet* pants, not sense need pee, not feel full bladder, lost bladder, losing bladder, have force pee, "
        "have push pee, pushing pee, force pee, stop start pee, pee stops and starts, pee stops starts",
        "unaware": "without know*, without notic*, without realis*, without realiz*, without feel*, not know, not notic*, "
        "not realis*, not realiz*, unaware",
        "leak": "leak, incontinen*, soil*, accident, accidents, came out, come out by itself, comes out by itself, come out on own, comes out on own, slip* out, "
        "wet, wetting, incontinent",
        "poo": "poo, pang sai, pangsai, control lao sai, lao sai control, lao sai cannot control, bowel, bowels, pass motion, passing motion, control motion, motion leak, bowel movement, back passage, "
        "do big business, anal sphincter, sphincter, rectum, rectal, anus, do number two, control gas, hold gas, hold in motion, hold motion, "
        "control big business, big business come*, big business came*, fart*",
        "poo_loss": "shit myself, shit my pants, shit pants, shat myself, soil* myself, soil* himself, soil* herself, "
        "soil* my, soil* pants, soil* underwear, soil* bed, poo myself, poo pants, poo my pants, poo in pants, "
        "poo in my pants, poo himself, poo herself, poo come out, poo comes out, poo came out, poo slip*, "
        "shit come out, shit came out, cannot control shit, shit leak, no bowel control, poo itself, "
        "not feel poo, no feeling poo, poo no feeling, cannot feel poo, not know when poo, not know poo, "
        "poo without know*, poo without notic*, not feel need poo, no control motion, motion no control, "
        "cannot control motion, motion came out, motion come out, motion leak, dirty myself, messed myself, "
        "cannot hold motion, cannot hold shit, not control shit, bowel accident*, stain* underwear, "
        "skid marks without",
        "poo_cannot": "cannot, not open, not opened, not notice*, not know, trouble control*, no control, lost, lose, losing, loss, inability, unable, not able, "
        "difficulty, trouble, problem*, numb*, no feeling, not feel, cannot feel, change, changed, "
        "changes, altered, issue, issues, leak, stopped work*, not work*",
        "numb": "numb*, no feeling, no feelings, not feel, cannot feel, lost feeling, losing feeling, loss of feeling, "
        "loss feeling, losing sensation, lose feeling, lost sensation, loss sensation, lose sensation, "
        "no sensation, not sensation, tingling, pins and needle*, pins n needle*, pins needle*, pin and needle*, pin needle*, "
        "wrapped in, like cotton*, went dead, goes dead, going dead, cannot tell hot, not tell hot, hot from cold, "
        "feel dead, feels dead, gone dead, dead feeling, reduced feeling, reduced sensation, less feeling, "
        "less sensation, less sensitive, no sense, feel nothing, felt nothing, nothing when, feels strange, "
        "feel strange, feels different, feel different, feels weird, feel weird, feels funny, feel funny, "
        "altered feel*, altered sensation, change in feeling, changed feeling, change in sensation, "
        "changed sensation, cotton wool, like cotton, anaesthetis*, anesthetis*, asleep, fall asleep, "
        "fallen asleep, fell asleep, unable feel, abnormal sensation, prickl*, kebas, senseless, "
        "feels like wood, frozen, dentist injection, decreased sensation, decreased feeling, desensiti*",
        "not_numb": "not feel numb, not feel any numb, not feel tingling, not feel any tingling, not feel any, not feel pain",
        "private": "private numb*, private no feel*, private not feel*, private cannot feel*, numb private, privates, private part, private parts, private area, genital*, groin, crotch, vagina*, "
        "penis, penile, testic*, balls, scrotum, labia, vulva, clitor*, perineum, perineal, perianal, anus, "
        "anal, rectum, rectal, back passage, buttock*, buttcheek*, butt, bum, bums, backside, bottom, arse, "
        "ass, saddle, inner thigh*, inside thigh*, inside my thigh*, inside of my thigh*, between legs, "
        "between my legs, between thighs, between my thighs, between his legs, between her legs, down there, "
        "down below, below belt, below my belt, nether region*, when wipe, when wiping, wipe, wipes, wiping, wipe myself, toilet paper, "
        "bird bird, birdbird, kukubird, kuku bird, backbackside, where i sit, sit on, undercarriage, lady parts, "
        "manhood, seat, seat area, sitting area, area i sit, part i sit, sit down area, intimate area, pubic, tailbone area",
        "saddle": "saddle numb, saddle anaesthesia, saddle anesthesia, saddle area",
        "not_private": "bottom of my foot, bottom of foot, bottom of feet, bottom of my feet, bottom of leg, "
        "bottom foot, bottom my foot, bottom feet, bottom my feet, balls of foot, balls of my feet, "
        "balls of feet, ball of foot",
        "legs": "both legs, both leg, both my legs, both my leg, both of my legs, both his legs, both her legs, "
        "both feet, both my feet, both foot, both my foot, both thighs, both calves, "
        "both calf, both knees weak, both hips down, legs both, leg both, two legs, two leg, 2 legs, 2 leg, "
        "both lower limbs, lower limbs, either leg, other leg as well, other leg too, other leg now, other leg, "
        "second leg, left and right leg*, right and left leg*, left leg and right leg, right leg and left leg, "
        "bilateral*, waist down, waist downwards, below waist, lower body, lower half, legs and feet both, "
        "both buttocks and legs, down each leg, each leg, both the legs",
        "both": "both, each",
        "sides": "both sides, both side, two sides, left and right",
        "limb": "leg, legs, thigh*, calf, calves, foot, feet, sciatica, sciatic, hips",
        "gives_way": "gave up, give up, giving up, gave way, give way, gives way, giving way, buckle*, buckling, collaps*, "
        "gave out, give out, giving out, folded, crumpled",
        "legs_any": "legs, knees, lower limbs, lower extremit*, feet",
        "lost_feeling": "cannot feel, no feeling, lost feeling, losing feeling, lost sensation, losing sensation, no sensation",
        "bad": "weak, no strength, no power, lost strength, losing strength, lost power, no energy in, give way, "
        "gave way, giving way, gives way, gave up, giving up, buckle*, buckling, collaps*, cannot move, "
        "cannot walk, cannot stand, cannot lift, cannot feel, cannot support, paraly*, not move, not moving, "
        "not working, not work, stopped working, jelly, wobbly, heavy, like lead, cannot get up, cannot bend, "
        "useless, reduced control, less control, no control, cannot control, neurological deficit, no feel, no feeling, limp, floppy, unsteady",
        "pain": "pain*, painful, hurt*, ache*, aching, sore, burn*, shooting, sciatica, sciatic, cramp*, electric*, "
        "worse, affected, affecting, symptom*, sensation*, gone",
        "walk_loss": "cannot walk since, cannot stand up or walk, cannot move leg*, cannot move my leg*, legs paraly*, leg paraly*, "
        "paralysed from, paralyzed from, legs gave way, legs give way, legs keep giving way, legs collapse*, "
        "legs no strength, legs not working, legs stopped working, legs feel like jelly, legs cannot move, "
        "legs weak, weak legs, legs getting weak, legs go weak, legs gone weak, legs no power, "
        "cannot stand on my legs, weak in my legs, weak in legs, legs numb, numb legs, cannot feel my legs, "
        "cannot feel legs, legs no feeling, legs have no feeling, legs buckle*, legs turned jelly, "
        "legs not work*, legs stopped work*, leg no strength, leg got no strength, leg no power, leg paralyse*, leg paralyze*, "
        "leg getting weak, leg weak and, leg become weak, leg became weak, leg gave way, leg gives way, "
        "leg give way, leg giving way, leg keeps giving, leg keeps collaps*, leg collapse*, leg buckle*, "
        "losing strength in my leg*, lost strength in my leg*, cannot lift my leg*, cannot lift leg*, "
        "weak worse in leg*, progressive weak, leg gone dead, legs gone dead, paralysis",
        "sudden": "sudden*, overnight, since this morning, since yesterday, since last night, this morning, today, woke",
        "walk": "cannot walk, cannot stand, not walk, not stand, leg weak, weak leg, weak in leg, weak in my leg, cannot get up",
        "foot": "foot, feet, toe, toes, ankle",
        "foot_drop": "foot drop, footdrop, drop foot, dropfoot, dropped foot, foot drops, foot drag*, drag* foot, "
        "drag* my foot, drag* my leg, drag* leg, leg drag*, foot slap*, slap* foot, foot flop*, floppy foot, "
        "foot floppy, trip* over my foot, trip* over my own foot, tripping over toes, toes drag*, "
        "foot not lift, foot keeps drop*, foot catches, slipper keep drop*, slippers keep drop*, "
        "slipper drop off, cannot stand tiptoe, cannot tiptoe, cannot stand on tiptoe*, cannot walk heels, "
        "cannot walk on heel*, cannot stand on my toes",
        "one_limb": "foot, feet, toe, toes, ankle, leg",
        "drags": "dragging, drags, dragged, slapping, slaps, flopping, flops, scuff*, droop*, hangs, hanging down, hang down, "
        "catches, catch on, catching, tripping, trips, trip over, not go up, not lift, gave out",
        "lift": "cannot lift, cannot move, cannot raise, cannot bend, cannot pull up, cannot bring up, unable lift, "
        "cannot flex, cannot point, cannot wiggle, no strength, no power, weak, paraly*, limp, "
        "cannot feel, not move, not lift, drop*, cannot control",
        "sex": "erection*, erect, erectile, ejaculat*, orgasm*, climax, during sex, when having sex, having sex, sexual, "
        "sexually, sexual function, sexual intercourse, intercourse, in bed with my wife, make love, "
        "making love, get it up, getting it up, stay hard, get hard, sex life, sex drive, after sex",
        "sex_loss": "cannot, no, not, lost, loss, losing, lose, unable, trouble, difficulty, difficulties, problem*, "
        "numb*, no feeling, no sensation, change*, altered, impoten*, dysfunction*, inability, gone, weak, "
        "cannot feel, stopped, fail*, issue*, reduced, less",
        "impotent": "impoten*, erectile dysfunction, sexual dysfunction, numb during sex, no feeling in my penis, "
        "lost my erection, cannot get hard, cannot get it up",
        "fell": "hit head, knocked head, banged head, bumped head, hit on head, fell from, fell off, fell down, fall from, fall down, fallen down, fall off, fallen from, fallen off, "
        "had a bad fall, bad fall, had fall, had a fall, had bad fall, serious fall, slipped and fell, slip and "
        "fall, fell on my back, fell on back, fell on my backside, landed on my back, landed on back, "
        "landed on my bum, knocked down, knocked over, knocked by, hit by car, hit by a car, hit by lorry, "
        "hit by bus, hit by motor*, hit by bike, hit by taxi, hit by van, hit by e bike, hit by pmd, "
        "kena langgar, run over, got run over, car accident, car crash, motorbike accident, "
        "motorcycle accident, bike accident, bicycle accident, traffic accident, road accident, "
        "road traffic accident, rta, motor accident, work accident, workplace accident, lorry accident, "
        "major trauma, crashed my, crashed into, car crashed, met with an accident, met with accident, "
        "met accident, had accident, had an accident, in an accident, in accident, tumbled down, "
        "fell in toilet, fell in bathroom, fell in the toilet, fell in shower, fell at home, fell today, "
        "fell yesterday, fell this morning, fell last night, just fell, dropped from height, fell downstairs, "
        "fell stairs, fell ladder, fall downstairs, fall ladder, fell bed, thrown off, stabbed, gunshot",
        "after_fall": "pain*, hurt*, back, spine, neck, head, leg, legs, hip, numb*, weak, cannot, broken, bleed*, "
        "fracture*, injur*, tingling, ladder, roof, height, storey, stairs, staircase, motorbike, "
        "motorcycle, scaffold*, bike, horse, car, lorry, bus, taxi, floor, move, walk, hospital, "
        "unconscious, vomit*, drowsy, dizzy, confus*, sleepy, chair, tree, today, yesterday, badly, cushion",
        "broken_back": "broke my back, broken back, broke my neck, broken neck, broken spine, fractured spine, "
        "fractured my spine, spinal fracture, fracture my back, spine fracture, vertebra fracture, "
        "crushed my back",
        "fever": "fever*, feverish, chills, rigor*, shiver*, high temperature, temperature 38, temperature 39, "
        "temperature 40, night sweat*, sweating at night, sweats at night, running temperature, hot and cold, "
        "unwell and hot, 38 degrees, 39 degrees, 40 degrees, 38c, 39c, 40c, pus, infect*, meningitis, "
        "temp 38, temp 39, temp 40",
        "spine": "back, spine, spinal, neck, leg, legs, wound, operation, op, surgery, stitches, incision, injection, "
        "epidural, scar, dressing, headache, sciatica, disc, drug*, steroid*, hiv, chemo*, iv",
        "infection": "wound pus, pus wound, wound infected, infected wound, wound smelly, wound smell, iv drug*, "
        "intravenous drug*, inject drugs, injecting drugs, immunosuppress*, meningitis",
        "cancer": "cancer, tumour, tumor, tumours, tumors, leukaemia, leukemia, lymphoma, myeloma, metasta*, "
        "malignan*, chemo*, chemotherapy, radiotherapy, oncolog*, carcinoma, melanoma",
        "own": "i have, i had, ive, i ve, had, history, mother, father, mum, dad, wife, husband, previous, past, survivor, diagnosed, remission, ago, spread, "
        "back pain, got",
        "weight": "lost weight, losing weight, loss weight, lose weight, weight loss, unexplained weight, "
        "weight dropp*, losing kilos, " + _KILOS + ", "
        " lost kg, lost kgs, lost 5kg, lost 10kg, no appetite and",
        "weight_odd": "back, spine, pain, leg, unexplained, without trying, no reason, for no, not trying, not know why, "
        "sweat*, without diet*, pain at night, unintentional*, unplanned, night",
        "night_pain": "pain at night wakes, pain wakes me at night, pain night wakes, wakes me up every night, "
        "pain worse lying down, pain worse when lying, cannot sleep due pain at night, "
        "pain wakes me, unremitting pain, constant night pain, severe night pain, pain keeps me awake all",
        "chest_word": "chest, heart",
        "chest_pain": "pain*, tight*, pressure, crush*, hurt*, squeez*, heavy, heaviness, attack, discomfort, ache*, "
        "aching, stopp*, burning",
        "chest": "heart attack, cardiac arrest, chest pain*, chest tight*, angina, chest pressure, chest discomfort",
        "stroke": "having stroke, having a stroke, had stroke, had a stroke today, got stroke, stroke now, think stroke, "
        "might be stroke, stroke symptom*, signs of stroke, sign stroke, mini stroke, mild stroke, face droop*, "
        "face drop*, face is drooping, mouth droop*, mouth crooked, face crooked, slurred speech, "
        "slurring, speech slurred, slur*, slurry speech, cannot speak, cannot talk properly, cannot talk, "
        "speech gone, face numb, face weak, half face, left side weak, right side weak, side suddenly weak, arm suddenly weak, sudden weak, "
        "weak sudden, side of face, lost vision, sudden blind*, cannot see suddenly, lost my vision, "
        "vision loss, loss of vision, sudden severe headache, worst headache, thunderclap, confused suddenly, "
        "cannot move one side, cannot move left side, cannot move right side, cannot move arm, "
        "cannot move my arm, arm paraly*, stroke like",
        "half_body": "one side body, half body, half of body, left side body, right side body, one side face, left half, right half",
        "breath": "cannot breathe, cannot breath, cannot breth, cannot breathing, cannot catch breath, "
        "cannot catch my breath, difficulty breathing, difficult breathe, difficult breathing, "
        "trouble breathing, hard breathe, hard to breathe, hard breath, struggling breathe, "
        "struggle breathe, short breath, shortness breath, shortness of breath, "
        "short of breath, breathless*, out of breath, gasping, choking, problem breathing, "
        "problems breathing, not breathe, not breathing, stopped breathing, suffocat*, coughing blood, "
        "cough blood, lips blue, blue lips, turning blue, breathing difficult*, breathing problem*",
        "bleed": "bleed*",
        "nonstop": "non stop, nonstop, not stop*, cannot stop, heavily, soaked, pouring, gushing, lots",
        "fit": "he collapsed, she collapsed, mum collapsed, mother collapsed, dad collapsed, father collapsed, wife collapsed, "
        "husband collapsed, son collapsed, daughter collapsed, just collapsed, suddenly collapsed, not responsive, not responding to, "
        "seizure*, having fit, having a fit, had fit, had a fit, had fits, having fits, convuls*, "
        "epilep* attack, jerking uncontroll*, unconscious, passed out, pass out, passing out, blacked out, "
        "black out, blackout, faint, fainted, fainting, faints, unresponsive, not wake up, "
        "cannot wake him, cannot wake her, not waking up, lost consciousness, loss consciousness, "
        "losing consciousness, loss of consciousness, frothing, foaming at mouth, bleeding heavily, "
        "heavy bleeding, bleeding not stop, not stop bleeding, losing lots blood, overdos*, vomit* blood, throwing up blood, throw up blood",
        "hands": "hand, hands, finger, fingers",
        "clumsy": "clumsy, clumsiness, clumsier, cannot button, trouble button*, difficulty button*, drop things, dropping things, "
        "fumbl*",
        "pointless": "point, pointless, no reason, no meaning, meaningless, no use, not worth, no purpose, nothing left, "
        "no hope",
        "not_pointless": "point me, this point, some point, starting point, pain point, pressure point, point out",
        "life": "live, living, life, going on, go on like, carry on, carrying on, alive, exist, existing, wake up",
        "better_off": "better, happier, easier",
        "gone": "without me, i gone, i dead, i died, i not here, i not around, i not exist",
        "took": "took, taken, had, swallowed, ate, eaten, drank, overdos*",
        "pills": "pill, pills, tablet, tablets, panadol, paracetamol, painkiller*, sleeping, medicine, medicines, medication, "
        "meds, tramadol, valium, xanax, gabapentin, lyrica, arcoxia, codeine, insulin",
        "many": "whole bottle, whole box, whole packet, whole strip, all my, entire, too many, too much, handful, "
        + _MANY
        + ", twenty, thirty, forty, fifty, sixty, hundred, dozens",
        "not_many": _DOSES,
        "harm": "kill myself, killing myself, kill my self, kms, end my life, ending my life, end my live, end it all, "
        "ending it all, take my life, take my own life, taking my life, want die, wanna die, want just die, "
        "wants die, wish dead, wish i dead, wish i could die, rather die, rather dead, better off dead, "
        "better dead, better die, feel like dying, want end it all, want end everything, "
        "end everything, suicide, self harm, selfharm, harm myself, harming myself, hurt myself on purpose, "
        "hurting myself on purpose, cut myself on purpose, cutting myself, not want live, no point living, "
        "no point in living, no reason live, no reason living, not worth living, life meaningless, "
        "no meaning live, tired of living, tired living, sick of living, jump* off building, jump* off bridge, jump* off block, jump off "
        "flat, jump off hdb, jump building, jump from building, jump from block, jump from height, jump window, hang myself, not want wake up, not wake up tomorrow, not want be here, not want exist, "
        "no wish live, sian of life, give up on life, giving up on life, take all pills, "
        "take all my pills, swallow all, everyone better off without me, better off without me, "
        "end this suffering, want to disappear forever, want disappear forever, goodbye forever, "
        "not live like this, cannot live like this, cannot go on living, cannot carry on living, cannot go on like, "
        "live no meaning, kill me, let me die, just die, wish die, die better, might as well die, go die, "
        "about jumping, think jumping, feel like jumping, want jump, jump down, never wake up, just not wake up, wish not wake up, "
        "end it tonight, going end it, gonna end it, want end it, nobody would miss me, nobody will miss me, no one would miss me, "
        "no one will miss me, ending everything, end myself, nothing live for, left live for, better not here, happier not here, swallowed whole bottle, "
        "drank bleach, drank poison, drink bleach, drink poison, "
        "slit my wrist*, dying better, no more live",
    },
    rules={
        "saddle": ("numb + private", "saddle"),
        "bladder": ("cannot + pee", "pee_loss", "leak + pee", "leak + unaware", "numb + pee"),
        "bowel": (
            "poo_loss",
            "poo_cannot + poo",
            "leak + poo",
            "cannot + control + poo",
            "numb + poo",
            "cannot control bowel",
            "faecal incontinence",
            "constipat* + numb",
        ),
        "both_legs": (
            "legs + numb",
            "legs + bad",
            "legs + pain",
            "walk_loss",
            "legs_any + bad + cannot",
            "legs_any + lost_feeling",
            "legs_any + gives_way",
            "both + legs_any + numb",
            "both + legs_any + bad",
            "sides + limb + numb",
            "sides + limb + bad",
            "sides + limb + pain",
            "sudden + walk",
            "cauda equina",
            "hands + clumsy",
        ),
        "foot_drop": ("foot_drop", "foot + lift", "one_limb + drags"),
        "sexual": ("sex + sex_loss", "impotent", "sex + numb"),
        "trauma": ("fell + after_fall", "broken_back"),
        "fever": ("fever + spine", "infection"),
        "cancer": ("cancer + own", "weight + weight_odd", "night_pain"),
        "chest": ("chest_word + chest_pain", "chest"),
        "stroke": ("stroke", "half_body + numb", "half_body + bad"),
        "breath": ("breath",),
        "fit": ("fit", "bleed + nonstop"),
        "self_harm": ("harm", "pointless + life", "better_off + gone", "took + many + pills"),
    },
    deniable=frozenset(
        {
            "numb",
            "saddle",
            "cannot",
            "leak",
            "bad",
            "lost_feeling",
            "pee_loss",
            "poo_loss",
            "pain",
            "fever",
            "chest_pain",
            "chest",
            "fell",
            "weight",
            "cancer",
            "stroke",
            "breath",
            "fit",
            "foot_drop",
            "drags",
            "took",
            "clumsy",
            "poo_cannot",
            "sex_loss",
            "walk_loss",
        }
    ),
    negators="no, not, without, never, denies, deny, denied, nil, zero, none, neither",
    between="any, my, in, sign, signs, had, have, having, feel, feeling, felt, new, other, symptoms, history, pee, poo, "
    "bladder, bowel, bowels, leg, legs, back, foot, saddle, chest, genital, sexual, i, this, such, sudden, "
    "difficulty, trouble, problem, problems, get, experience, experienced, experiencing, loss, both",
    joins="or, nor",
)

_ZH = Lexicon(
    reach=12,
    concepts={
        "numb": "麻, 麻木, 麻痹, 麻麻, 发麻, 发木, 刺麻, 刺痛, 没感觉, 没有感觉, 无感觉, 没知觉, 没有知觉, 无知觉, 感觉不到, 失去感觉, "
        "失去知觉, 沒感覺, 沒有感覺, 無感覺, 沒知覺, 沒有知覺, 感覺不到, 感觉减退, 感觉异常, 感觉迟钝, 针刺感, 蚂蚁爬, 木木的, "
        "感觉消失, 感觉丧失, 感觉变, 感覺異常, 麻痺, 發麻, 怪怪的, 知觉丧失",
        "private": "下体, 下體, 下身, 私处, 私處, 私密处, 阴部, 陰部, 会阴, 會陰, 生殖器, 阴茎, 陰莖, 阴道, 陰道, 睾丸, 蛋蛋, 阴囊, 肛门, 肛門, "
        "肛周, 屁股, 臀部, 屁眼, 马鞍区, 鞍区, 马鞍, 大腿内侧, 大腿內側, 大腿根, 胯下, 胯部, 裆部, 两腿之间, 擦屁股, 骑跨区, 小弟弟, 下面",
        "pee_loss": "尿不出, 尿不出来, 小便不出, 解不出小便, 解不出尿, 排不出尿, 排尿困难, 排尿困難, 小便困难, 小便困難, 尿潴留, 尿瀦留, "
        "尿失禁, 小便失禁, 失禁, 漏尿, 尿裤子, 尿褲子, 尿床, 尿在裤子, 憋不住尿, 憋不住小便, 忍不住尿, 控制不住尿, 控制不住小便, 控制不了小便, "
        "控制不了尿, 无法控制小便, 不能控制小便, 无法排尿, 無法排尿, 不能小便, 无法小便, 無法小便, 没办法小便, 没法小便, 尿不干净, 尿不乾淨, 尿滴沥, "
        "小便没感觉, 小便没有感觉, 尿尿没感觉, 没有尿意, 没尿意, 无尿意, 不知道要小便, 不知道尿, 小便不能控制, 小便控制不, "
        "尿控制不, 小便不受控, 尿不受控, 穿纸尿裤, 用纸尿片, 包尿布, 小便憋不住, 尿憋不住, 大小便失禁, 大小便失控, 大小便异常, 大小便障碍, "
        "大小便困难, 大小便控制不, 大小便有问题, 大小便没感觉, 小便失控, 尿不到, 尿流变细, 尿线变细, 使劲才能尿, 用力才能尿, 要用力才尿, 尿流无力, 排尿异常, 排尿障碍, 排尿无力, "
        "膀胱功能障碍, 膀胱失控, 括约肌, 小便异常, 小便障碍, 小便有问题, 小便无力, 小便费力, 尿不尽, 憋尿",
        "pee": "小便, 排尿, 尿尿, 撒尿, 解手, 尿, 膀胱, 上厕所, 大小便, 二便",
        "poo_loss": "大便失禁, 拉裤子, 拉褲子, 拉在裤子, 便在裤子, 拉在床, 憋不住大便, 控制不住大便, 控制不了大便, 无法控制大便, 不能控制大便, "
        "大便控制不, 大便憋不住, 大便漏, 漏便, 漏大便, 漏屎, 大便不受控, 大便没感觉, 大便没有感觉, 大小便失禁, 大小便失控, 大小便异常, 大小便障碍, "
        "肛门没感觉, 不知道要大便, 没有便意, 没便意, 无便意, 排便困难, 排便障碍, 排便异常, 大便困难, 大便失控, 大小便困难, 大小便控制不, 排便无力, "
        "便失禁, 屎漏, 屎都忍不住, 忍不住大便, 大便异常, 大便排不出, 大便解不出",
        "poo": "大便, 排便, 屎, 拉屎, 大小便, 二便, 肠道",
        "loss": "失控, 失禁, 没办法, 沒辦法, 无法, 没法, 不能控制, 控制不住, 控制不了, 忍不, 困难, 困難, 不出, 控制不, 憋不住, 忍不住, 没感觉, 没有感觉, 不受控, 无法控制, 漏, 异常, 障碍, 不知道, 无力, 有问题",
        "legs": "双腿, 雙腿, 两腿, 兩腿, 两条腿, 兩條腿, 双脚, 雙腳, 两脚, 兩腳, 两只脚, 兩隻腳, 双下肢, 雙下肢, 两侧, 双侧, 雙側, 两边腿, 两边的腿, 左右腿, "
        "左右脚, 两个腿, 两个脚, 另一条腿, 另一只脚, 另外一条腿, 下半身, 腰以下, 下肢",
        "bad": "无力, 無力, 没力, 没有力, 沒力, 乏力, 软, 軟, 发软, 瘫, 癱, 瘫痪, 癱瘓, 不能动, 不能動, 动不了, 動不了, 不会动, 走不了, 走不動, 走不动, 不能走, "
        "站不起, 站不稳, 站不住, 抬不起, 使不上劲, 使不上力, 痛, 疼, 酸痛, 重, 症状, 不听使唤, 肌力下降, 麻, 力量下降, 没劲, 发沉, 放射",
        "walk_loss": "突然不能走, 突然走不了, 突然走不动, 腿软, 腿没力, 腿没有力, 腿无力, 腿無力, 腿瘫, 脚没力, 脚没有力, 脚无力, 腳無力, 脚软, 瘫痪, 癱瘓, 不能走路, "
        "走不了路, 走不动路, 站不起来, 站不稳, 站不住, 步态不稳, 走路不稳, 腿动不了, 脚动不了, 马尾神经, 馬尾, 马尾综合征, 截瘫, 肌力下降, 肌无力, 踩棉花, 拖地走, 拖着走, 腿越来越沉, 腿越来越没力, 腿抬不起",
        "foot_drop": "垂足, 足下垂, 脚下垂, 脚掌抬不起, 脚抬不起, 脚板抬不起, 脚背抬不起, 脚尖抬不起, 脚趾动不了, 脚趾抬不起, 脚踝抬不起, 脚趾不能动, 拖着脚, 拖着腿, "
        "脚拖地, 鞋子掉, 拖鞋掉, 踮不起脚, 不能踮脚, 脚掌没力, 脚掌无力, 脚腕没力",
        "sex": "性功能, 性感觉, 性生活, 性交, 勃起, 射精, 高潮, 行房, 房事, 性欲",
        "sex_loss": "障碍, 障礙, 不了, 不能, 无法, 無法, 没感觉, 没有感觉, 丧失, 喪失, 困难, 困難, 下降, 减退, 有问题, 消失, 失去, 没有, 不举, 异常, 改变",
        "impotent": "阳痿, 陽痿, 不举, 硬不起来, 无法勃起, 不能勃起, 勃起障碍, 勃起功能障碍, 性功能障碍",
        "fell": "跌倒, 摔倒, 摔伤, 摔下, 跌下, 掉下, 摔了一跤, 摔跤, 跌了一跤, 摔到, 跌到, 滑倒, 从高处, 从楼梯, 从梯子, 坠落, 墜落, 车祸, 車禍, 撞车, "
        "被车撞, 被撞, 交通意外, 交通事故, 工伤, 工傷, 外伤, 滚下, 撞到",
        "after_fall": "背, 腰, 痛, 疼, 麻, 腿, 脚, 颈, 脖子, 头, 脊椎, 脊柱, 不能动, 动不了, 走不, 站不, 骨折, 受伤, 血, 楼, 梯, 高, 屁股, 尾骨, 严重, 今天, 昨天",
        "broken_back": "脊椎骨折, 脊柱骨折, 腰椎骨折, 颈椎骨折, 压缩性骨折, 胸椎骨折, 背部骨折",
        "fever": "发烧, 發燒, 发热, 發熱, 高烧, 高燒, 发冷, 寒战, 打冷战, 寒颤, 盗汗, 夜汗, 感染, 流脓, 化脓, 38度, 39度, 40度",
        "spine": "背, 腰, 脊, 颈, 伤口, 傷口, 手术, 手術, 开刀, 打针, 注射, 腿, 头痛, 头疼, 椎间盘, 坐骨神经, 类固醇, 毒品",
        "cancer": "癌, 肿瘤, 腫瘤, 恶性, 惡性, 化疗, 化療, 放疗, 转移, 轉移, 白血病, 淋巴瘤, 骨髓瘤",
        "own": "我, 病史, 得过, 患过, 患有, 有过, 曾, 史, 背, 腰, 脊, 扩散, 治疗, 复发, 既往, 妈妈, 爸爸, 先生, 太太",
        "weight": "体重下降, 体重减轻, 體重下降, 體重減輕, 消瘦, 暴瘦, 瘦了, 瘦了很多, 不明原因瘦, 突然瘦, 体重掉, 体重骤降",
        "night_pain": "夜间痛, 夜间疼痛, 夜里痛醒, 晚上痛醒, 半夜痛醒, 痛醒, 疼醒, 夜间加重, 夜间痛醒, 静息痛, 躺着更痛, 休息也痛",
        "chest": "胸痛, 胸口痛, 胸口疼, 胸疼, 胸闷, 胸悶, 胸口闷, 胸口紧, 胸口压, 心脏病发, 心脏病发作, 心绞痛, 心臟病發, 心肌梗塞, 心梗, 心口痛, 胸部疼痛, "
        "胸口好痛, 胸口很痛",
        "stroke": "中风, 中風, 脸歪, 嘴歪, 口歪, 口角歪, 面瘫, 口齿不清, 说话不清, 说不出话, 讲不出话, 讲话不清, 言语不清, 半身不遂, 半边身体, 半边无力, 半边没力, 半身麻, "
        "偏瘫, 一侧肢体无力, 突然看不见, 视力丧失, 失明, 剧烈头痛, 大舌头, 脑卒中, 半边脸, 手突然没力",
        "breath": "呼吸困难, 呼吸困難, 喘不过气, 喘不過氣, 喘不上气, 不能呼吸, 无法呼吸, 無法呼吸, 呼吸不了, 呼吸急促, 透不过气, 气喘不, 气促, 窒息, 吸不到气, 上气不接下气, 咳血, 咯血, 嘴唇发紫",
        "fit": "抽搐, 抽筋昏, 癫痫发作, 羊癫疯, 昏倒, 晕倒, 暈倒, 昏迷, 昏厥, 晕厥, 不省人事, 失去意识, 失去知觉倒, 叫不醒, 没反应倒, 口吐白沫, 大出血, 血流不止, 休克",
        "took": "吃了, 吞了, 服了, 喝了, 吞下",
        "pills": "安眠药, 安眠藥, 整瓶药, 一瓶药, 一大把药, 几十颗药, 几十粒药, 整瓶, 几十颗, 几十粒, 一大把",
        "harm": "想死, 不想活, 不想活了, 活不下去, 自杀, 自殺, 结束生命, 結束生命, 了结自己, 了结生命, 轻生, 輕生, 去死, 死了算了, 死掉算了, 死了更好, 不如死, 生不如死, 自残, 自殘, "
        "伤害自己, 傷害自己, 割腕, 跳楼, 跳樓, 跳下去, 跳下楼, 从楼上跳, 上吊, 活着没意思, 活着没有意思, 活着没有意义, 没有活着的意义, 活着没意义, 活著沒意思, 没有活下去, 不想再活, 吞药, 寻死, 尋死, 想结束一切, 一了百了, 痛到想死, 撑不下去了, 活腻",
    },
    rules={
        "saddle": ("numb + private",),
        "bladder": ("pee_loss", "pee + loss", "pee + numb"),
        "bowel": ("poo_loss", "poo + loss", "poo + numb"),
        "both_legs": ("legs + numb", "legs + bad", "walk_loss"),
        "foot_drop": ("foot_drop",),
        "sexual": ("sex + sex_loss", "impotent", "sex + numb"),
        "trauma": ("fell + after_fall", "broken_back"),
        "fever": ("fever + spine",),
        "cancer": ("cancer + own", "weight", "night_pain"),
        "chest": ("chest",),
        "stroke": ("stroke",),
        "breath": ("breath",),
        "fit": ("fit",),
        "self_harm": ("harm", "took + pills"),
    },
    deniable=frozenset(
        {
            "numb",
            "pee_loss",
            "poo_loss",
            "loss",
            "bad",
            "walk_loss",
            "foot_drop",
            "fever",
            "cancer",
            "weight",
            "night_pain",
            "chest",
            "stroke",
            "breath",
            "fit",
            "fell",
            "impotent",
            "sex_loss",
        }
    ),
    negators="没有, 没, 沒有, 沒, 无, 無, 不, 否认, 否認, 未, 未见, 不是, 并无, 並無, 从没, 从未, 未曾",
    between="大, 大小, 任何, 再, 排尿, 排便, 尿, 便, 放射, 疼, 出现, 出現, 有, 明显, 明顯, 过, 過, 被, 发生, 会, 伴有, 下肢, 双下肢, 小便, 大便, 大小便, 下体, 会阴, 会阴部, 双腿, 腿, 脚, "
    "鞍区, 肛周, 腿部",
    joins="或, 或者, 和, 及",
)

_MS = Lexicon(
    reach=7,
    concepts={
        "numb": "kebas*, kebaskan, kebasan, rasa kebas, hilang rasa, tak rasa, tidak rasa, tiada rasa, tak ada rasa, xrasa, x rasa, "
        "takde rasa, tak terasa, tidak terasa, mati rasa, semut semut, rasa semut, menyucuk, cucuk cucuk, hilang deria, "
        "tiada deria, tak dapat rasa, tidak dapat rasa, baal, kesemutan",
        "private": "kemaluan, celah kangkang, kangkang, kelangkang, celah kelengkang, kelengkang, celah paha, celah peha, paha dalam, peha dalam, alat sulit, "
        "bahagian sulit, faraj, zakar, penis, dubur, punggung, bontot, buntut, buah zakar, pelir, anu, "
        "bawah sana, bahagian bawah sana, pangkal paha, pangkal peha, burit, tempat sulit, ari ari",
        "cannot": "tak boleh, tidak boleh, x boleh, xboleh, tak dapat, tidak dapat, takleh, xleh, tak leh, takboleh, susah, sukar, "
        "payah, tak mampu, tidak mampu, tak tahan, tidak tahan, gagal, tak lepas, tak keluar, tidak keluar, sakit nak, "
        "hilang kawalan, tak kawal, tak terkawal, tidak terkawal, masalah, tersekat, tak sedar, tidak sedar, tak tahu nak, "
        "tidak tahu bila, lambat keluar, tak puas, tak lawas, bermasalah, terganggu",
        "pee": "kencing, buang air kecil, membuang air kecil, air kencing, kawal kencing, pundi kencing, buang air, kencin",
        "pee_loss": "terkencing, terkencing kencing, kencing bocor, kencing menitis, kencing tak lawas, kencing dalam seluar, "
        "kencing atas katil, kencing malam atas, tak rasa nak kencing, kencing tak rasa, kencing tak keluar, "
        "kencing keluar sendiri, kencing tak terkawal, pakai lampin, pakai pampers, inkontinens*, tahan kencing",
        "poo": "berak, buang air besar, membuang air besar, najis, tahi, bab, buang air, usus",
        "poo_loss": "terberak, tercirit, najis bocor, berak dalam seluar, najis keluar sendiri, tahi keluar, berak tak rasa, "
        "berak tak terkawal, tak rasa nak berak, tak dapat kawal berak, terkeluar najis",
        "leak": "bocor, menitis, keluar sendiri, tak terkawal, tidak terkawal, terkeluar",
        "legs": "kedua dua kaki, kedua kaki, dua dua kaki, dua kaki, dua2 kaki, kedua2 kaki, kedua dua belah kaki, kedua belah kaki, "
        "dua belah kaki, kaki dua dua, kaki kiri dan kanan, kiri kanan kaki, sebelah lagi kaki, kaki sebelah lagi, "
        "pinggang ke bawah, pinggang kebawah, kedua dua belah, kaki kanan dan kiri, kaki dua2",
        "both": "dua dua, dua2, kedua dua, kedua2, dua belah, kedua belah",
        "limb": "kaki, betis, paha, peha, tapak kaki",
        "bad": "tak larat, tidak larat, tak boleh bangun, lemah, kelemahan, lemas, tak kuat, tiada tenaga, tak ada tenaga, tak bertenaga, takde tenaga, lumpuh, tak boleh gerak, "
        "tidak boleh gerak, tidak boleh bergerak, tak boleh bergerak, tak boleh jalan, tidak boleh berjalan, "
        "tak boleh berjalan, tidak boleh jalan, tak boleh berdiri, longlai, sakit, nyeri, lenguh, berat, layu, "
        "hilang kekuatan, menggeletar, ngilu, pedih, tiada kekuatan",
        "walk_loss": "kaki lumpuh, kaki lemah, kaki jadi lemah, kaki makin lemah, kaki semakin lemah, tiba tiba tak boleh jalan, "
        "tiba tiba tidak boleh berjalan, tak boleh jalan, tidak boleh berjalan, tak boleh berjalan, lumpuh, "
        "kaki tak ada tenaga, kaki tiada tenaga, kaki takde tenaga, kaki tak boleh gerak, kaki tak kuat, "
        "kaki tak boleh angkat, kaki tidak boleh bergerak, lutut longlai, kaki longlai",
        "foot_drop": "kaki terkulai, tapak kaki tak boleh angkat, tak boleh angkat tapak kaki, tidak boleh angkat tapak kaki, "
        "tak boleh angkat kaki, tidak boleh angkat kaki, tak boleh angkat ibu jari kaki, kaki terseret, "
        "seret kaki, heret kaki, mengheret kaki, kaki jatuh, selipar tertanggal, selipar selalu tertanggal, "
        "tak boleh jengket, tak boleh gerak jari kaki, tak dapat angkat kaki, jari kaki tak boleh gerak",
        "sex": "ereksi, seks, seksual, ejakulasi, tegang, hubungan kelamin, bersama isteri, bersetubuh, air mani, syahwat, klimaks",
        "sex_loss": "tak boleh, tidak boleh, hilang, tak rasa, tidak rasa, tiada, lemah, masalah, susah, gagal, tak dapat, tidak dapat, "
        "kurang, kebas*, tak lagi, terganggu",
        "impotent": "mati pucuk, lemah tenaga batin, tak boleh tegang, tak boleh naik",
        "fell": "jatuh, terjatuh, saya tergelincir, tergelincir dalam, tergelincir di, kemalangan, kena langgar, dilanggar, langgar kereta, eksiden, accident, terhempas, "
        "terlanggar, accident motor",
        "after_fall": "belakang, pinggang, sakit, kaki, kepala, leher, tulang, tak boleh, tidak boleh, tangga, bumbung, motor, motosikal, "
        "kereta, lori, bilik air, tandas, patah, darah, kebas*, punggung, lumpuh, tinggi, pokok, semalam, tadi, hari ini, teruk",
        "broken_back": "tulang belakang patah, patah tulang belakang, patah pinggang, patah tulang, leher patah",
        "fever": "demam, menggigil, panas badan, badan panas, suhu tinggi, seram sejuk, seram seram, bernanah, nanah, jangkitan, peluh malam, "
        "berpeluh malam",
        "spine": "belakang, pinggang, tulang, leher, luka, operasi, pembedahan, bedah, suntikan, kaki, jahitan, kepala",
        "cancer": "kanser, barah, tumor, kemoterapi, kemo, ketumbuhan, radioterapi",
        "own": "saya, sejarah, pernah, ada, penghidap, pesakit, belakang, pinggang, tulang, sakit, merebak, rawatan, emak, ayah, ibu, bapa",
        "weight": "berat badan turun, penurunan berat badan, turun berat badan, berat turun, hilang berat badan, susut berat badan, kurus mendadak, badan susut, makin kurus, "
        "berat badan susut",
        "chest": "sakit dada, dada sakit, dada ketat, dada rasa ketat, serangan jantung, sakit jantung, nyeri dada, dada rasa berat, "
        "dada macam kena himpit, dada sesak, dada rasa sesak, dada saya sakit, dada pedih",
        "stroke": "strok, angin ahmar, mulut senget, muka senget, mulut herot, muka herot, muka jatuh, cakap pelat, pelat tiba tiba, "
        "tak boleh cakap, tidak boleh bercakap, tak boleh bercakap, susah bercakap, sebelah badan, separuh badan, "
        "muka sebelah kebas, tiba tiba buta, tak nampak tiba tiba, lumpuh sebelah, stroke",
        "breath": "susah bernafas, sukar bernafas, susah nak bernafas, sesak nafas, tak boleh bernafas, tidak boleh bernafas, "
        "semput, tercungap*, nafas pendek, tak cukup nafas, sesak napas, susah nafas, tak boleh nafas, batuk darah, lemas nafas",
        "fit": "sawan, pengsan, pitam, tak sedarkan diri, tidak sedarkan diri, rebah, kejang, kekejangan, pendarahan teruk, "
        "darah tak berhenti, mulut berbuih, tak sedar diri, hilang kesedaran",
        "took": "telan, makan, minum, ambil, tertelan",
        "pills": "pil, panadol, ubat tidur, ubat, tablet, biji ubat",
        "not_many": _DOSES,
        "many": "sebotol, satu botol, sekotak, banyak sangat, terlebih, berlebihan, semua sekali, " + _MANY,
        "harm": "bunuh diri, nak mati, mahu mati, ingin mati, rasa nak mati, baik mati, lebih baik mati, tak nak hidup, tidak mahu hidup, "
        "tak mahu hidup, taknak hidup, tamatkan hidup, tamatkan nyawa, tamatkan riwayat, akhiri hidup, mati saja, mati lagi baik, "
        "cederakan diri, mencederakan diri, kelar tangan, kelar pergelangan, terjun bangunan, gantung diri, "
        "penat hidup, tiada guna hidup, tak guna hidup, malas hidup, putus asa hidup, tak sanggup hidup, bosan hidup",
    },
    rules={
        "saddle": ("numb + private",),
        "bladder": ("cannot + pee", "pee_loss", "leak + pee", "numb + pee"),
        "bowel": ("cannot + poo", "poo_loss", "leak + poo", "numb + poo"),
        "both_legs": ("legs + numb", "legs + bad", "both + limb + numb", "both + limb + bad", "walk_loss"),
        "foot_drop": ("foot_drop",),
        "sexual": ("sex + sex_loss", "impotent"),
        "trauma": ("fell + after_fall", "broken_back"),
        "fever": ("fever + spine",),
        "cancer": ("cancer + own", "weight"),
        "chest": ("chest",),
        "stroke": ("stroke",),
        "breath": ("breath",),
        "fit": ("fit",),
        "self_harm": ("harm", "took + many + pills"),
    },
    deniable=frozenset(
        {
            "numb",
            "cannot",
            "bad",
            "leak",
            "fever",
            "cancer",
            "weight",
            "chest",
            "stroke",
            "breath",
            "fit",
            "fell",
            "pee_loss",
            "poo_loss",
            "walk_loss",
            "foot_drop",
        }
    ),
    negators="tiada, takde, bukan, tanpa, tidak, tak, tak pernah, tidak pernah",
    between="rasa, sebarang, apa apa, ada, pernah, tanda, gejala, mengalami, kencing, berak, kaki",
    joins="atau, mahupun",
)

_TA = Lexicon(
    reach=6,
    concepts={
        "numb": "மரத்து*, மரத்த*, மரப்பு*, மரமரப்*, மறத்து*, மரு மரு*, உணர்வு இல்லை, உணர்வே இல்லை, உணர்வில்லை, உணர்வு இல்லாமல், உணர்ச்சி இல்லை, உணர்ச்சியே இல்லை, உணர்ச்சியில்லை, "
        "உணர முடியவில்லை, உணரமுடியவில்லை, உணர முடியல, உணர்விழ*, உணர்வின்மை, கூச்சம், கூசு*, ஊசி குத்து*, "
        "உணர்வு போய், உணர்வு குறை*, தொடு உணர்வு, maratthu*, marathu*, marattu*, maruthu*, unarvu illa*, unarchi illa*",
        "private": "பிறப்புறுப்*, பிறப்பு உறுப்*, அந்தரங்க*, ஆண்குறி*, ஆணுறுப்*, பெண்குறி*, யோனி*, ஆசனவாய*, ஆசன வாய*, மலவாய*, மலத்துவார*, பிட்ட*, "
        "புட்ட*, தொடை இடுக்*, உள் தொடை*, உள்தொடை*, தொடையின் உள்*, கவட்டை*, கவட்டி*, இடுப்புக்குக் கீழ், கால்களுக்கு இடை*, குண்டி*, "
        "pirappuruppu*, piranthuruppu*, andharanga*, anthranga*, kundi, aasanavai*",
        "cannot": "முடியவில்லை, முடியல*, முடியாமல், முடியாது, முடியவே*, முடியவி*, இயலவில்லை, இயலாமல், சிரம*, கஷ்ட*, வரவில்லை, வரல, வரவே*, கட்டுப்படுத்த, அடக்க, தடை*, "
        "பிரச்சினை*, பிரச்சனை*, இழப்ப*, இழந்த*, கட்டுப்பாடு இல்ல*, தெரியவில்லை, தெரியாமல், தெரியாம, போகல, போகவில்லை, இல்லை, mudiyala*, mudiyavillai, mudiyalai, mudiyala, kashtam*, "
        "varala*, varavillai, control, adakka",
        "pee": "சிறுநீர்*, மூத்திர*, ஒண்ணுக்கு, ஒன்னுக்கு, யூரின்*, siruneer*, moothiram*, onnukku, urine, mootharam",
        "pee_loss": "சிறுநீர் கசி*, சிறுநீர் ஒழுகு*, சிறுநீர் தானாக*, சிறுநீர் தானாகவே*, மூத்திரம் ஒழுகு*, மூத்திரம் கசி*, படுக்கையில் சிறுநீர், சிறுநீர் அடக்க*, சிறுநீர்க் கசிவு, சிறுநீர் வரவில்லை, "
        "சிறுநீர் வரல*, சிறுநீர் வெளியேற*, டயபர்*, டயப்பர்*",
        "poo": "மலம்*, மலத்*, மலச்*, கழிப்ப*, ரெண்டுக்கு, malam, malathai, motion, rendukku",
        "poo_loss": "மலம் கசி*, மலம் தானாக*, மலம் ஒழுகு*, மலம் வெளியேறி*, மலத்தை அடக்க*, மலத்தைக் கட்டுப்படுத்த*, மலம் கட்டுப்படுத்த*",
        "leak": "கசி*, ஒழுகு*, தானாக*, தெரியாமலே*, தெரியாமல்*, kasiv*, olugu*, thaana*",
        "legs": "இரண்டு கால்*, இரு கால்*, இரண்டு காலும், ரெண்டு கால்*, இரண்டு கால்களும், இருகால்*, ரெண்டு காலும், இரு கால்களும், இடுப்புக்குக் கீழே, இடுப்புக்கு கீழே, மற்ற காலும், "
        "மற்றொரு காலும், rendu kaal*, rendu kal*, irandu kaal*, iru kaal*, இரண்டு பாத*, இரு பாத*",
        "both": "இரண்டு பக்க*, ரெண்டு பக்க*, இரு பக்க*, இரண்டும், ரெண்டும், இருபுறமும், rendum, irandum, rendu, irandu",
        "limb": "கால், கால்கள், கால்களும், காலும், பாதம், பாதங்கள், kaal, kaalgal, kal",
        "bad": "பலவீன*, பலமில்*, பலம் இல்ல*, சக்தி இல்லை, சக்தியில்லை, வலு இல்ல*, வலுவில்ல*, வலிக்*, வலி, வலியாக, வலிய*, வலுவிழ*, செயலிழ*, நடக்க முடியவில்லை, நடக்க முடியல*, "
        "அசைக்க முடிய*, நிற்க முடிய*, தளர்*, balaveenam, bala veenam, vali, valikkuthu, sakthi illa*, nadakka mudiya*, asaikka mudiya*, பாரமாக",
        "walk_loss": "நடக்க முடியவில்லை, நடக்க முடியல*, நடக்கவே முடிய*, கால் செயலிழ*, கால்கள் செயலிழ*, கால் பலவீன*, கால்கள் பலவீன*, கால்களில் பலவீன*, காலில் சக்தி இல்லை, "
        "கால்களில் சக்தி இல்லை, கால் அசைக்க முடிய*, காலை அசைக்க முடிய*, கால்களை அசைக்க முடிய*, பக்கவாத*, முடக்க*, nadakka mudiyala*, kaal balaveenam*",
        "foot_drop": "பாதம் தொங்கு*, பாதத்தை தூக்க*, பாதத்தைத் தூக்க*, பாதத்தை உயர்த்த*, பாதத்தை அசைக்க*, கால் இழுத்து*, காலை இழுத்து*, கால் விரல் அசைக்க*, கால் விரலை அசைக்க*, "
        "கால் விரல்களை அசைக்க*, கணுக்கால் தூக்க*, செருப்பு கழன்று*, செருப்பு கழல*, பாதம் தூக்க முடிய*, கால் தூக்க முடிய*, காலைத் தூக்க முடிய*, காலை தூக்க முடிய*, paatham thookka*",
        "sex": "பாலியல்*, உடலுறவ*, விறைப்ப*, விந்து*, உடல் உறவு, தாம்பத்ய*, ஆண்மை*, paaliyal*, udaluravu*",
        "sex_loss": "இல்லை, இழ*, முடியவில்லை, முடியல*, குறை*, பிரச்சினை*, பிரச்சனை*, உணர்வு இல்லை, சிரம*, வரவில்லை, mudiyala*, illai, illa",
        "impotent": "ஆண்மைக்குறைவு, ஆண்மைக் குறைவு, விறைப்புத்தன்மை குறைபாடு",
        "fell": "விழுந்து*, விழுந்த*, வழுக்கி*, விபத்து*, விபத்தில், அடிபட்ட*, அடிப்பட்ட*, மோதிய*, மோதி*, vilunthu*, vizhunth*, vibathu*, vipathu*, accident, "
        "விழுந்திட்*, சறுக்கி*",
        "after_fall": "முதுக*, வலி*, கால்*, இடுப்ப*, தலை*, கழுத்த*, எலும்ப*, முடிய*, மாடி*, ஏணி*, படி*, காயம்*, ரத்த*, கார்*, பைக்*, பஸ்*, கீழே, vali*, muthugu*, "
        "mudhugu*, kaal*, idupp*, mudiyala*, நேற்று, இன்று",
        "broken_back": "முதுகெலும்பு முறி*, முதுகு எலும்பு முறி*, எலும்பு முறிவு, கழுத்து எலும்பு முறி*",
        "fever": "காய்ச்சல்*, ஜுரம்*, ஜுரமும், குளிர்*, நடுக்க*, சீழ்*, தொற்று*, kaaichal*, kaichal*, juram, jurom",
        "spine": "முதுக*, முதுகெலு*, இடுப்ப*, கழுத்த*, காயம்*, காயத்*, புண்*, அறுவை*, ஆபரேஷன்*, ஊசி*, கால்*, தலைவலி*, muthugu*, mudhugu*, operation*, idupp*",
        "cancer": "புற்றுநோய்*, புற்று நோய்*, கேன்சர்*, கான்சர்*, கட்டி*, கீமோ*, putrunoi*, cancer",
        "own": "எனக்கு, என், எனது, இருந்த*, இருக்*, முதுக*, இடுப்ப*, அம்மா*, அப்பா*, சிகிச்சை*, வலி*, enakku, en, irunth*, iruk*",
        "weight": "எடை குறை*, உடல் எடை குறை*, மெலிந்து*, எடை இழ*, edai kurai*",
        "chest": "நெஞ்சு வலி*, நெஞ்சுவலி*, நெஞ்சில் வலி*, மார்பு வலி*, மார்புவலி*, மார்பில் வலி*, மாரடைப்*, இதய வலி*, நெஞ்சு இறுக்*, நெஞ்சு அடை*, "
        "நெஞ்சு வலிக்*, நெஞ்சு பாரம்*, nenju vali*, nenjuvali*, maaradaippu*, nenju valikk*",
        "stroke": "பக்கவாத*, ஸ்ட்ரோக்*, முகம் கோண*, வாய் கோண*, வாய் ஒரு பக்கம்*, பேச முடியவில்லை, பேச முடியல*, பேச்சு குழற*, பேச்சு வர*, நாக்கு குழற*, ஒரு பக்கம் செயலிழ*, ஒரு பக்க உடல்*, "
        "பார்வை போய்*, கண் தெரியவில்லை, pakkavatham*, pesa mudiyala*, stroke, உடல் ஒரு பக்கம்*, கை செயலிழ*",
        "breath": "மூச்சு விட*, மூச்சுத் திணற*, மூச்சு திணற*, மூச்சுத்திணற*, மூச்சு வாங்கு*, மூச்சு முட்டு*, மூச்சு அடை*, சுவாசிக்க முடிய*, சுவாசிக்க சிரம*, "
        "மூச்சே வர*, moochu vida*, moochu thinar*, moochu vaang*, moochu mutt*",
        "fit": "வலிப்பு வந்*, வலிப்பு*, மயங்கி*, மயக்கம் போட்*, மயக்கமடை*, மயக்கம் அடை*, நினைவிழ*, நினைவு இழ*, சுயநினைவு*, சுய நினைவு*, ரத்தம் நிற்க*, mayangi*, mayakkam*, "
        "valippu*, fits",
        "took": "சாப்பிட்ட*, விழுங்கி*, குடித்த*",
        "pills": "தூக்க மாத்திரை*, மாத்திரை*",
        "many": "நிறைய, முழு, அனைத்து, எல்லா, அதிக*",
        "harm": "தற்கொலை*, சாக வேண்டும், சாகணும், சாகனும், செத்து போக*, செத்துப் போக*, செத்துடலாம், சாகலாம்*, சாக நினை*, சாக விரும்பு*, சாவதே*, வாழ விரும்பவில்லை, வாழவே பிடிக்கல*, வாழப் பிடிக்க*, "
        "வாழ பிடிக்க*, வாழ்க்கையை முடி*, உயிரை மாய்*, உயிரை விட*, உயிர் வாழ விருப்*, என்னை நானே, thatkolai*, tharkolai*, saaganum, saganum, sethu poga*, "
        "sethuru*, vaazha pidik*, vaala pidik*, செத்தா பரவா*, வாழ முடியாது, வாழ முடியல*, உயிரோட இருக்க*",
    },
    rules={
        "saddle": ("numb + private",),
        "bladder": ("cannot + pee", "pee_loss", "leak + pee", "numb + pee"),
        "bowel": ("cannot + poo", "poo_loss", "leak + poo", "numb + poo"),
        "both_legs": ("legs + numb", "legs + bad", "both + limb + numb", "both + limb + bad", "walk_loss"),
        "foot_drop": ("foot_drop",),
        "sexual": ("sex + sex_loss", "impotent"),
        "trauma": ("fell + after_fall", "broken_back"),
        "fever": ("fever + spine",),
        "cancer": ("cancer + own", "weight"),
        "chest": ("chest",),
        "stroke": ("stroke",),
        "breath": ("breath",),
        "fit": ("fit",),
        "self_harm": ("harm", "took + many + pills"),
    },
    deniable=frozenset(),
    negators="",
    between="",
    joins="",
)

LEXICONS: Mapping[str, Lexicon] = MappingProxyType({"en": _EN, "zh": _ZH, "ms": _MS, "ta": _TA})
"""All are asked for every message: patients mix languages."""
