"""The language of a text: by its letters, and among those in Latin letters by the small words that it has most of.

Small words (Grefenstette 1995) are also what says nothing of a text's topic.
"""

import re
import unicodedata
from collections import Counter

# A text is in the language of which it has most small words, when so many of its words are; else nobody knows.
FEWEST_SMALL = 0.1

SMALL_WORDS = {
    language: frozenset(words.split())
    for language, words in {
        "en": "a about after all also am an and any are as at be been before but by can can't cannot could did do does"
        " don't for from get got had has have he her here hi hello him his how i i'm if in into is it it's its just"
        " know let like may me more my need no not now of on one or our out please she so some still than thank thanks"
        " that the their them then there these they this those to too up us very was we were what when where which"
        " while who why will with would yes you your",
        "de": "aber alle als am an auch auf aus bei bin bis bitte da danke das dass dem den der des die dir doch du ein"
        " eine einem einen einer er es für haben habe hallo hat hatte ich ihr ihre ihnen im in ist ja kann kein keine"
        " können man mehr mein meine mich mir mit nach nicht noch nur oder schon sehr sein sich sie sind so über um und"
        " uns unser unsere vom von vor war warum was wenn wer werden wie wir wird wo wurde zu zum zur",
        "fr": "à ai aux avec avez avons bonjour c'est ce cela ces cette comme dans de des du elle en est et été être ne"
        " il ils j'ai je l la le les leur lui ma mais me merci mes moi mon n'est nos notre nous on ont ou où par pas"
        " plus pour pouvez pourquoi qu que quel quelle qui s sa se ses si son sont sur très un une vos votre vous y",
        "es": "a al algo ante como con cuando de del desde donde el ella en entre era es esta está este esto estoy fue"
        " gracias ha había hasta hay he hola la las le les lo los más me mi mis muy no nos nuestra nuestro o para pero"
        " por porque puede puedo que qué quiero se ser si sí sin sobre son su sus también te tengo un una y ya yo",
        "it": "a al alla anche buongiorno che chi ci come con cosa da dal dalla dei del della delle di dove e è ed era"
        " gli grazie ha ho i il in io la le lei lo loro ma mi mia mio ne nel nella noi non nostro o per perché più"
        " posso può quando quello questo se si sia siamo sono su sul tra un una uno vi voi vostro",
        "pt": "a ao aos as até com como da das de do dos e é ela ele em entre era essa esse está estou eu foi há isso"
        " já lhe mais mas me meu minha muito na não nas nem no nos nossa nosso num o obrigada obrigado olá os ou para"
        " pela pelo por porque posso quando que quem se sem ser seu sua são também tem tenho um uma você",
        "nl": "aan al als bij dan dat de der deze die dit door een en er geen goedemiddag graag had hallo heb hebben"
        " heeft het hij hoe hun ik in is je jij jullie kan kunnen maar me meer met mij mijn na naar niet nog nu of om"
        " onze ons ook op over te tot u uit uw van veel voor waar wanneer was wat we wel wij wil worden wordt ze zijn",
        "sv": "alla att av blev de den denna det dig din du där efter ej ett en er från för ha har hej hade hon hur han"
        " i icke inte jag kan kom man med men mig min mitt mycket när ni nu och om oss på sig sin som så tack till upp"
        " ut var vara vi vid vill är än",
        "da": "af alle at blev de dem den der deres det dig din du efter eller en er et for fra få har hav havde hej"
        " hun hvad hvis hvor han i ikke ind jeg kan kom man med men mig min mit mod ned noget nogle nu når og også om"
        " op os over på sig skal som så tak til ud var vi vil være",
        "pl": "a ale bardzo bez będzie był była być co czy dla do dziękuję dzień dobry dlaczego gdy gdzie go i ich ja"
        " jak jako jest jestem jeszcze już ku lub ma mam mi może mnie mój na nas nie niż o od on ona oraz po pod proszę"
        " prze przez przy się są ta tak także tam te tego ten to tu ty tym w was we wy z za ze że",
    }.items()
}

# the language that texts in these letters are nearly always in
_SCRIPTS = {
    "CJK": "zh", "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "CYRILLIC": "ru", "ARABIC": "ar", "GREEK": "el",
    "HEBREW": "he", "THAI": "th", "DEVANAGARI": "hi",
}  # fmt: skip
# A text begins in its language: more letters do not change what is said of it.
_LETTERS = 400
# A Chinese text has Latin names and numbers of products in it: so many of its letters are enough.
_ENOUGH = 0.2

_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


def language_of(text: str) -> str | None:
    """The language of a text, BCP 47; None when it is in none that is known here, or too short to tell."""
    letters = [letter for letter in text if letter.isalpha()][:_LETTERS]
    others = Counter(_script(letter) for letter in letters if letter > "\u024f")
    if others and sum(others.values()) >= _ENOUGH * len(letters):
        # Japanese has Chinese letters, too; Chinese has no kana
        if others["ja"]:
            return "ja"
        return max(sorted(name for name in others if name), key=lambda name: others[name], default=None)
    words = [word.replace("’", "'") for word in _WORDS.findall(text[:2_000].casefold())]
    found = {name: sum(word in small for word in words) for name, small in SMALL_WORDS.items()}
    best = max(sorted(found), key=lambda name: found[name])
    return best if words and found[best] >= FEWEST_SMALL * len(words) and found[best] else None


def _script(letter: str) -> str:
    return _SCRIPTS.get(unicodedata.name(letter, "").split(" ", 1)[0], "")
