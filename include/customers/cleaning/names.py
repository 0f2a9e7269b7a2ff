"""People's names: their parts, in the order of their script, and keys for matching."""

import re
from functools import cache, lru_cache
from typing import NamedTuple

from nameparser import ParsedName, Parser, locales, parser_for
from nicknames import NickNamer

from include.customers.cleaning.text import HAN, ascii_fold, key, settled, tidy


class CleanName(NamedTuple):
    """A name's parts; `given` has the middle names, `full` has neither prefix nor suffix. `code` as for `Cleaned`."""

    full: str | None
    given: str | None
    family: str | None
    prefix: str | None
    suffix: str | None
    code: str


class _Parts(NamedTuple):
    given: str
    family: str
    prefix: str = ""
    suffix: str = ""


_LONGEST = 150
_MOST_ROUNDS = 5
# of those that nameparser knows, the ones that are nothing else
_PARTICLES = frozenset({"van", "von", "der", "den", "de", "zu", "ter", "du", "dos", "das", "af", "av"})
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "phd", "ph.d", "md", "m.d", "mba", "esq", "dds", "cpa"})
_KANA = re.compile(r"[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9d]")
_EAST_ASIAN = re.compile(rf"{HAN.pattern[:-2]}\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9d\u1100-\u11ff\uac00-\ud7af]")
_LETTERS = re.compile(r"[^\W\d_]+")
_INITIAL = re.compile(r"[^\W\d_]\.?")
_LAST_LATIN = "\u024f"
# Surnames that are read otherwise than the same character in other words
_SURNAME_READINGS = {
    "曾": "zeng", "单": "shan", "單": "shan", "解": "xie", "仇": "qiu", "区": "ou", "區": "ou", "查": "zha", "盖": "ge",
    "任": "ren", "华": "hua", "朴": "piao", "冼": "xian", "翟": "zhai", "缪": "miao", "晁": "chao", "乐": "yue",
    "覃": "qin", "尉迟": "yuchi", "万俟": "moqi", "长孙": "zhangsun", "澹台": "tantai", "令狐": "linghu", "洗": "xian",
}  # fmt: skip


def clean_name(full: str | None = None, given: str | None = None, family: str | None = None) -> CleanName:
    """A person's name from the whole of it or from its parts; parts win over the whole.

    Western order is given before family, or "Family, Given"; names in Chinese, Japanese and Korean script are family
    first. Honorifics and degrees are set aside, names all in capitals or all in small letters get name case. Whether
    "Wang Xiaoming" is family first is not guessed. Codes: ``split``, ``cased``, ``title`` and ``suffix`` (set aside).
    """
    whole, first, last = tidy(full), tidy(given), tidy(family)
    if not (whole or first or last):
        return CleanName(None, None, None, None, None, "empty")
    written = (whole, first, last)
    if max(len(whole), len(first), len(last)) > _LONGEST:
        return CleanName(None, None, None, None, None, "invalid")
    first, last = (text if _LETTERS.search(text) else "" for text in (first, last))
    parts = _cased(raw := _parts(whole, first, last))
    if not (_is_plain_given(parts.given) and _is_plain_family(parts.family)):
        parts = _settled(parts, first, last)
    if not (parts.given or parts.family):
        return CleanName(None, None, None, None, None, "invalid")
    done = []
    if any(text and text != tidied for text, tidied in zip((full, given, family), written, strict=True)):
        done.append("trimmed")
    if not (first or last) or bool(first) < bool(parts.given) or bool(last) < bool(parts.family):
        done.append("split")
    if (parts.given.casefold(), parts.family.casefold()) == (
        raw.given.casefold(),
        raw.family.casefold(),
    ) and parts != raw:
        done.append("cased")
    done += ["title"] * bool(parts.prefix) + ["suffix"] * bool(parts.suffix)
    return CleanName(
        _rendered(parts.given, parts.family),
        parts.given or None,
        parts.family or None,
        parts.prefix or None,
        parts.suffix or None,
        "+".join(done) or "same",
    )


def _parts(whole: str, given: str, family: str) -> _Parts:
    if given and family:
        return _of_both(given, family)
    if given or family:
        return _of_one(given, family, whole)
    return _of_whole(whole)


def _settled(parts: _Parts, given: str, family: str) -> _Parts:
    """The parts after as many rounds as it takes for another to change nothing; what was written if there is no end."""
    for _ in range(_MOST_ROUNDS):
        full = _rendered(parts.given, parts.family)
        if not full:
            return parts
        again = _cased(_parts(full, parts.given, parts.family))
        whole = again if given or family else _cased(_parts(full, "", ""))
        if _rendered(whole.given, whole.family) != full:
            again = whole
        elif (again.given, again.family) == (parts.given, parts.family):
            return parts
        parts = parts._replace(given=again.given, family=again.family)
    return _Parts(_named(given), _named(family))


def _of_both(given: str, family: str) -> _Parts:
    if _is_plain_given(given) and _is_plain_family(family):
        return _Parts(given, family)
    if _EAST_ASIAN.search(given + family):
        first, last = _parse(f"{given}"), _parse(f"{family}")
        aside = [*_texts(first.suffix), *_texts(last.suffix)]
        return _Parts(_without(given, aside), _without(family, aside), "", " ".join(aside))
    parsed = _parse(f"{_no_commas(family)}, {_no_commas(given)}")
    parts = _of_parsed(parsed)
    # a part that would be taken for a title or a degree is a name here: somebody wrote it into a name's column
    is_sure = parts.given and parts.family and _is_sure_suffix(parts.suffix)
    return parts if is_sure else _Parts(_named(given), _named(family))


def _is_sure_suffix(suffix: str) -> bool:
    """Whether it is one, even in a column of names, where "ca rp" is a slip and no degree."""
    return all(word.strip(".").lower() in _SUFFIXES for word in re.split(r"[\s,]+", suffix) if word)


def _of_one(given: str, family: str, whole: str) -> _Parts:
    name = given or family
    parts = _of_whole(name)
    alone = " ".join(part for part in (parts.given, parts.family) if part)
    if _EAST_ASIAN.search(name):
        alone = _without(name, _texts(parts.suffix))
    if whole:
        # the whole may tell the part that is missing
        both = _of_whole(whole)
        if both.given and both.family and alone.casefold() == (both.given if given else both.family).casefold():
            return both
    if not alone or not (_is_sure_suffix(parts.suffix) or _EAST_ASIAN.search(name)):
        parts, alone = _Parts("", ""), _named(name)
    return parts._replace(given=alone if given else "", family="" if given else alone)


def _of_whole(text: str) -> _Parts:
    words = text.split(" ")
    family = len(words) - 1
    while family > 1 and words[family - 1] in _PARTICLES:
        family -= 1
    given, last = " ".join(words[:family]), " ".join(words[family:])
    return _Parts(given, last) if _is_plain_given(given) and _is_plain_family(last) else _of_parsed(_parse(text))


def _of_parsed(parsed: ParsedName) -> _Parts:
    given = " ".join(part for part in (parsed.given, parsed.middle) if part)
    if given in _western().lexicon.particles and not parsed.family.islower():  # van der Berg: nobody's given name
        return _Parts("", _named(f"{given} {parsed.family}"), parsed.title, parsed.suffix)
    return _Parts(_named(given), _named(parsed.family), parsed.title, parsed.suffix)


def _named(text: str) -> str:
    """The text if there is a letter in it, without what cannot end a name."""
    return text.strip(' ,;:!?*#/\\|<>=+~^@&"') if _LETTERS.search(text) else ""


def _no_commas(text: str) -> str:
    return " ".join(text.replace(",", " ").split())


def _texts(text: str) -> list[str]:
    return [text] if text else []


def _without(text: str, aside: list[str]) -> str:
    for word in aside:
        text = text.removesuffix(word)
    return _named(text.strip())


@cache
def _western() -> Parser:
    return Parser()


@cache
def _chinese() -> Parser:
    return parser_for(locales.ZH)


def _parse(text: str) -> ParsedName:
    # a name with kana is Japanese: its first character need not be a Chinese surname
    return (_western() if _KANA.search(text) else _chinese()).parse(text)


@cache
def _vocabulary() -> frozenset[str]:
    """Every word that nameparser takes for something else than a plain name."""
    lexicon = _western().lexicon
    words: set[str] = set()
    for field in (
        "titles", "given_name_titles", "suffix_acronyms", "suffix_words", "suffix_acronyms_ambiguous", "particles",
        "particles_ambiguous", "conjunctions", "conjunctions_ambiguous", "bound_given_names", "maiden_markers",
        "honorific_tails", "after_given_titles",
    ):  # fmt: skip
        for entry in getattr(lexicon, field):
            words.update(_LETTERS.findall(entry.lower()))
            words.update(_LETTERS.findall(ascii_fold(entry)))
    return frozenset(words)


@lru_cache(maxsize=100_000)
def _is_plain(word: str) -> bool:
    """Whether a word can only be a name, so that no parser need look at it."""
    return (
        len(word) > 2
        and word.isalpha()
        and max(word) <= _LAST_LATIN
        and word.lower() not in _vocabulary()
        and ascii_fold(word) not in _vocabulary()
    )


@lru_cache(maxsize=100_000)
def _is_plain_given(text: str) -> bool:
    """Whether given names are plain words and, after the first, initials."""
    first, *others = text.split(" ")
    return _is_plain(first) and all(_is_plain(word) or _is_initial(word) for word in others)


@lru_cache(maxsize=100_000)
def _is_plain_family(text: str) -> bool:
    """Whether a family name is one plain word, behind particles or not: van der Berg."""
    *particles, last = text.split(" ")
    return _is_plain(last) and all(word in _PARTICLES for word in particles)


def _is_initial(word: str) -> bool:
    return len(word) == 2 and word[1] == "." and "A" <= word[0] <= "Z"


def _cased(parts: _Parts) -> _Parts:
    one_case = [part for part in (parts.given, parts.family) if part and part in (part.upper(), part.lower())]
    both = len(one_case) == bool(parts.given) + bool(parts.family)
    given, family = (
        _name_case(part, is_family) if part in one_case and not _may_be_initials(part, is_family, both) else part
        for part, is_family in ((parts.given, False), (parts.family, True))
    )
    return parts._replace(given=given, family=family)


def _may_be_initials(part: str, is_family: bool, is_all_one_case: bool) -> bool:
    """JP in JP Smith and JP SMITH; LI in Ann LI, but not in BO LI."""
    is_short = len(part) == 2 and part.isupper()
    return is_short and (not is_all_one_case or (not is_family and not re.search("[AEIOUY]", part)))


@lru_cache(maxsize=100_000)
def _name_case(text: str, is_family: bool) -> str:
    return settled(lambda name: _cased_words(name, is_family), text)


def _cased_words(text: str, is_family: bool) -> str:
    particles = _western().lexicon.particles
    words = text.split(" ")
    return " ".join(
        word.lower() if is_family and number < len(words) - 1 and word.lower() in particles else _word_case(word)
        for number, word in enumerate(words)
    )


def _word_case(word: str) -> str:
    def cased(match: re.Match[str]) -> str:
        letters = match[0].lower()
        if letters.startswith("mc") and len(letters) > 3:
            return f"Mc{letters[2:].title()}"
        after_apostrophe = match.start() > 1 and word[match.start() - 1] in "'’"
        return letters if after_apostrophe and len(letters) == 1 else letters.title()

    return tidy(_LETTERS.sub(cased, word))


def _rendered(given: str, family: str) -> str:
    if not (given and family):
        return given or family
    if not _EAST_ASIAN.search(family):
        return f"{given} {family}"
    joined = _parse(family + given)
    return f"{family}{given}" if (joined.family, joined.given) == (family, given) else f"{family} {given}"


@lru_cache(maxsize=100_000)
def name_key(text: str | None) -> str | None:
    """A name in lower-case ASCII letters for matching: Müller, Muller and Mueller are `muller`, 小明 is `xiaoming`.

    Accents, apostrophes, hyphens and spaces are dropped (see `text.key` for umlauts); Chinese characters are in
    pinyin, surnames in their own reading (曾 is `zeng`); other scripts as they sound, Japanese kanji in pinyin too.
    """
    if not text:
        return None
    folded = key(_SURNAME_READINGS.get(text, text))
    return re.sub(r"\d", "", folded or "") or None


def given_key(given: str | None) -> str | None:
    """The `name_key` of the first of the given names: "Jane Q." is `jane`."""
    return name_key(given.split(" ")[0]) if given else None


@lru_cache(maxsize=100_000)
def given_forms(given: str | None) -> tuple[str, ...]:
    """The keys that given names may appear under: `formal_names` of the first name, and of all names run together."""
    if not given or not (first := given_key(given)):
        return ()
    words = [word for word in given.split(" ") if not _INITIAL.fullmatch(word)]
    together = name_key("".join(words)) if len(words) > 1 else None
    return tuple(sorted({*formal_names(first), *([together] if together else [])}))


@lru_cache(maxsize=100_000)
def formal_names(given_key: str) -> tuple[str, ...]:
    """A given name's key and the keys of the names that it may be short for: `bill` gives bill, will, william …"""
    return tuple(sorted({given_key, *_formal_names().get(given_key, ())}))


@cache
def _formal_names() -> dict[str, set[str]]:
    formal: dict[str, set[str]] = {}
    for nickname, names in NickNamer().canonical_lookup.items():
        if short := name_key(nickname):
            formal.setdefault(short, set()).update(k for name in names if (k := name_key(name)))
    return formal
