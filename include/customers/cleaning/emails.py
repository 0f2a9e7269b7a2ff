"""E-mail addresses: the clean address, and a key under which the spellings of one mailbox are the same."""

import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email
from publicsuffixlist import PublicSuffixList

from include.customers.cleaning.text import EMPTY, Cleaned, Steps, tidy

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"(?!..--)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# What email-validator takes as it is: the rest goes through it.
_PLAIN = re.compile(
    rf"(?=.{{6,250}}\Z)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?P<domain>(?:{_LABEL}\.)+[A-Za-z]{{2,24}})"
)
_SPECIAL_ENDS = (".arpa", ".local", ".onion", ".alt", ".localhost", ".invalid", ".test", ".internal")
_DISPLAY_NAME = re.compile(r"[^<>]*<\s*([^<>\s]+@[^<>\s]+)\s*>[;,.]?")
_MAILTO = re.compile(r"mailto:([^?]*).*", re.IGNORECASE | re.DOTALL)

# RFC 2142, and what companies use beside it
_ROLE_NAMES = (
    "abuse accounting accounts administration administrator admin administracion ap ar ask assistance assistenza "
    "backoffice bestellung bestellungen bewerbung billing booking bookings buchhaltung buero buro business careers "
    "commercial compliance comptabilite contact contactus contacto contato contatti customercare customers "
    "customerservice customersupport datenschutz dpo einkauf email enquiries enquiry events export facturacion "
    "facturation fax feedback finance ftp general gdpr hello help helpdesk hi hilfe hola home hostmaster hr "
    "immobilien info infodesk informacion information informations inquiries inquiry invoice invoices it itsupport "
    "jobs kontakt kontor kundenservice kundtjanst legal list mail mailbox mailerdaemon main management marketing "
    "media mitarbeiter news newsletter noc noreply nospam office officemanager oficina order orders ordini partner "
    "partners personal post postmaster postmottak press presse privacy procurement purchasing reception rechnung "
    "rechnungen recruiting recruitment registrar reklamation reservation reservations root rrhh sales salesteam "
    "secretariat secretary security service services shop sekretariat spam staff store studio subscribe support "
    "team tech technik techsupport tickets trouble undisclosedrecipients unsubscribe usenet uucp ventas vendite "
    "verkauf vertrieb verwaltung webmaster welcome www zentrale donotreply"
)
_PUBLIC_DOMAINS = (
    "gmail.com googlemail.com aol.com aol.de aim.com icloud.com me.com mac.com msn.com passport.com live.com "
    "live.ca live.cl live.cn live.co.uk live.co.za live.com.ar live.com.au live.com.mx live.com.pt live.de live.dk "
    "live.fr live.ie live.in live.it live.jp live.nl live.no live.se windowslive.com ymail.com rocketmail.com "
    "fastmail.com fastmail.fm proton.me protonmail.com protonmail.ch pm.me tutanota.com tutanota.de tuta.io tuta.com "
    "zoho.com zohomail.com mail.com email.com usa.com post.com mail.ru bk.ru inbox.ru list.ru internet.ru ya.ru "
    "rambler.ru ukr.net i.ua seznam.cz centrum.cz email.cz post.cz atlas.cz azet.sk wp.pl o2.pl onet.pl op.pl "
    "interia.pl poczta.onet.pl gazeta.pl web.de t-online.de freenet.de arcor.de posteo.de posteo.net mailbox.org "
    "online.de 1und1.de kabelmail.de vodafone.de magenta.de chello.at aon.at bluewin.ch hispeed.ch sunrise.ch "
    "orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr numericable.fr libero.it virgilio.it alice.it "
    "tin.it tiscali.it tiscali.co.uk fastwebnet.it inwind.it telefonica.net terra.com.br terra.es bol.com.br "
    "uol.com.br ig.com.br globo.com sapo.pt btinternet.com btopenworld.com sky.com talktalk.net virginmedia.com "
    "virgin.net ntlworld.com blueyonder.co.uk o2.co.uk orange.net plus.net plus.com telenet.be skynet.be proximus.be "
    "ziggo.nl kpnmail.nl home.nl xs4all.nl planet.nl hetnet.nl casema.nl telia.com comhem.se spray.se bredband.net "
    "online.no broadpark.no tdcadsl.dk mail.dk jubii.dk elisanet.fi luukku.com kolumbus.fi suomi24.fi freemail.hu "
    "citromail.hu abv.bg mail.bg walla.co.il walla.com comcast.net verizon.net att.net sbcglobal.net bellsouth.net "
    "cox.net charter.net earthlink.net juno.com netzero.net optonline.net frontier.com windstream.net roadrunner.com "
    "rogers.com shaw.ca sympatico.ca bell.net telus.net videotron.ca bigpond.com bigpond.net.au optusnet.com.au "
    "iinet.net.au tpg.com.au xtra.co.nz qq.com foxmail.com 163.com 126.com yeah.net 139.com 189.cn wo.cn sina.com "
    "sina.cn sohu.com tom.com 21cn.com aliyun.com 188.com vip.qq.com vip.163.com vip.sina.com naver.com hanmail.net "
    "daum.net nate.com kakao.com docomo.ne.jp ezweb.ne.jp softbank.ne.jp i.softbank.jp au.com nifty.com excite.co.jp "
    "pchome.com.tw hinet.net rediffmail.com sify.com indiatimes.com hey.com duck.com gmx.com gmx.net "
    "privaterelay.appleid.com simplelogin.com mailinator.com guerrillamail.com yopmail.com lycos.com excite.com "
    "hushmail.com inbox.com runbox.com lavabit.com"
)
_ROLES = frozenset(_ROLE_NAMES.split())
_PUBLIC = frozenset(_PUBLIC_DOMAINS.split())
_PUBLIC_LABELS = frozenset({"yahoo", "hotmail", "outlook", "gmx", "yandex"})  # whatever the country: yahoo.co.uk
_SAME_MAILBOX = {
    "googlemail.com": "gmail.com",
    "protonmail.com": "proton.me",
    "protonmail.ch": "proton.me",
    "pm.me": "proton.me",
    "ya.ru": "yandex.ru",
    "yandex.com": "yandex.ru",
    "fastmail.fm": "fastmail.com",
}
SUFFIXES = PublicSuffixList()


def clean_email(text: str | None) -> Cleaned:
    """One address as RFC 5321 has it: the domain in lower case, the local part as written.

    ``mailto:``, a display name and angle brackets come off. Domains that belong to nobody (``.example``) are taken;
    addresses are not tried. Codes: ``trimmed``, ``unwrapped``, ``lowercased``.
    """
    steps = Steps(text or "")
    steps.to(tidy(text), "trimmed")
    if not steps.value:
        return EMPTY
    plain = _PLAIN.fullmatch(steps.value)
    if not plain and len(steps.value) < 1000:
        if link := _MAILTO.fullmatch(steps.value):
            steps.to(link[1].strip(), "unwrapped")
        if named := _DISPLAY_NAME.fullmatch(steps.value):
            steps.to(named[1], "unwrapped")
        steps.to(steps.value.strip(" ,;<>").rstrip("."), "unwrapped")
        plain = _PLAIN.fullmatch(steps.value)
    if plain and not plain["domain"].lower().endswith(_SPECIAL_ENDS) and steps.value.islower():
        return steps.cleaned()
    try:
        address = validate_email(
            steps.value, check_deliverability=False, globally_deliverable=False, allow_quoted_local=True, strict=True
        )
    except EmailNotValidError:
        return steps.invalid
    if "." not in address.domain:
        return steps.invalid
    steps.to(address.normalized, "lowercased")
    return steps.cleaned()


def email_key(value: str | None) -> str | None:
    """The mailbox that a clean address reaches, for matching only; None for a mailbox that several people read.

    Case does not count, nor what follows a plus (RFC 5233). Dots do not count at Google, nor dots, hyphens and
    underscores at Proton; hyphens are dots at Yandex; what follows a hyphen is a disposable name at Yahoo; at Fastmail
    ``anything@ann.fastmail.com`` is ``ann@fastmail.com``. Domains of one provider that share mailboxes are one.
    """
    if not value or "@" not in value:
        return None
    local, _, domain = value.lower().rpartition("@")
    if domain.endswith(".fastmail.com"):
        local, domain = domain.removesuffix(".fastmail.com"), "fastmail.com"
    if is_role_mailbox(f"{local}@{domain}"):
        return None
    domain = _SAME_MAILBOX.get(domain, domain)
    tagless = local.partition("+")[0]
    if domain == "gmail.com":
        tagless = tagless.replace(".", "")
    elif domain == "proton.me":
        tagless = re.sub(r"[._-]", "", tagless)
    elif domain == "yandex.ru":
        tagless = tagless.replace("-", ".")
    elif domain.startswith(("yahoo.", "ymail.", "rocketmail.")):
        tagless = tagless.partition("-")[0]
    return f"{tagless or local}@{domain}"


def is_role_mailbox(value: str) -> bool:
    """Whether an address is a function's and not a person's: info@, sales@, no-reply@ (RFC 2142 and common use)."""
    local = value.rpartition("@")[0].lower().partition("+")[0]
    return local.replace(".", "").replace("-", "").replace("_", "").rstrip("0123456789") in _ROLES


@lru_cache(maxsize=100_000)
def is_public_mail_domain(domain: str) -> bool:
    """Whether anybody can have a mailbox there (gmail.com, qq.com, web.de), so that it is no company's own."""
    domain = domain.lower()
    if domain in _PUBLIC:
        return True
    registrable = SUFFIXES.privatesuffix(domain) or domain
    return registrable in _PUBLIC or registrable.partition(".")[0] in _PUBLIC_LABELS
