"""Names of organisations, and a key that does not know their legal form."""

import re
from functools import lru_cache

from include.customers.cleaning.text import EMPTY, Cleaned, Steps, ascii_fold, key, tidy

_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "’": "'", "‘": "'", "＆": "&"})
_WRAPPED = re.compile(r'"([^"]+)"|\'([^\']+)\'')
# ISO 20275 (entity legal forms) has all; these are the ones that names in a CRM end with
_FORM_NAMES = (
    "ltd limited llc inc incorporated corp corporation co company plc llp lp lllp pllc pc cic cio "  # English
    "gmbh ggmbh mbh ag kg kgaa ohg gbr ug ev eg ek se haftungsbeschraenkt haftungsbeschrankt aktiengesellschaft "
    "sa sas sasu sarl eurl snc scop scs sci selarl sprl bvba srl spa sapa slu sl sau sll coop "
    "bv nv vof cv ab hb as asa oy oyj aps ivs ans da ehf hf pty pte pvt private bhd sdn tbk "
    "kk gk yk jsc ojsc cjsc pjsc ooo oao zao pao llt kft zrt nyrt rt sro zoo spzoo doo dooel eood ood "
    "ltda eireli cia sadecv sapidecv srldecv uab aktiebolag sia"
)
_FORMS = frozenset(_FORM_NAMES.split())
_LEADING_FORMS = frozenset({"ab", "as", "ooo", "oao", "zao", "pao", "pt", "kk", "gk", "uab", "the"})
_JOINED = (
    (re.compile(r"\bs\.?\s?a\.?(?:p\.?\s?i\.?)?\s+de\s+c\.?\s?v\b\.?"), "sadecv"),
    (re.compile(r"\bs\.?\s?de\s+r\.?\s?l\.?\s+de\s+c\.?\s?v\b\.?"), "srldecv"),
    (re.compile(r"\bsp\.?\s*z\.?\s?o\.?\s?o\b\.?"), "spzoo"),
)
_EAST_ASIAN_FORMS = re.compile(
    r"(?:股份有限公司|有限责任公司|有限責任公司|有限公司|集团公司|公司|株式会社|有限会社|合同会社|合資会社|"
    r"[(（](?:株|有|同|주|유)[)）]|㈱|㈲|㈜|주식회사|유한회사)"
)
_ENDS = re.compile(rf"^(?:{_EAST_ASIAN_FORMS.pattern})+|(?:{_EAST_ASIAN_FORMS.pattern})+$")
_SINGLES = re.compile(r"\b(?:\w[ ./]{1,2}){1,4}\w\b")
_AND = frozenset({"and", "und", "et", "y", "og", "och"})


def clean_organisation(name: str | None) -> Cleaned:
    """The name with plain quotes and single spaces, its legal form kept. Codes: ``trimmed``, ``unquoted``."""
    steps = Steps(name or "")
    steps.to(tidy(name), "trimmed")
    if not steps.value:
        return EMPTY
    steps.to(steps.value.translate(_QUOTES), "unquoted")
    while wrapped := _WRAPPED.fullmatch(steps.value):
        steps.to((wrapped[1] or wrapped[2]).strip(), "unquoted")
    steps.to(steps.value.strip(" ,;"), "trimmed")
    if not re.search(r"[^\W_]", steps.value):
        return steps.invalid
    return steps.cleaned()


@lru_cache(maxsize=100_000)
def organisation_key(name: str | None) -> str | None:
    """Lower-case ASCII letters and digits without legal form, "the" and "and": "The Smith & Sons Co., Ltd." is
    smithsons.

    Chinese is in pinyin: 华为技术有限公司 is huaweijishu. A name that is nothing but legal forms keeps them.
    """
    text = tidy(name)
    if not text:
        return None
    if not text.isascii():
        text = _ENDS.sub("", text).strip() or text
    words = _words(text)
    kept = list(words)
    while kept and (kept[-1] in _FORMS or kept[-1] in _AND):
        kept.pop()
    while len(kept) > 1 and kept[0] in _LEADING_FORMS:
        kept.pop(0)
    return key("".join(word for word in kept if word not in _AND)) or key("".join(words))


def _words(text: str) -> list[str]:
    folded = ascii_fold(text).replace("&", " and ").replace("+", " and ")
    for pattern, form in _JOINED:
        folded = pattern.sub(form, folded)
    # S. p. A., S.A., A/S and K K are one word
    folded = _SINGLES.sub(lambda run: re.sub(r"[ ./]", "", run[0]), folded)
    return [word for word in re.sub(r"[^a-z0-9]+", " ", re.sub(r"[.'’]", "", folded)).split() if word]
