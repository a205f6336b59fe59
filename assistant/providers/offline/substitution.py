"""Putting the phrase of an elliptic follow-up ("and for contractors?") into the question before it."""

from __future__ import annotations

import re

_PREPOSITION = r"(?:for|in|at|on|with|to|from|of|during|under|by|as)"
_LEADING = re.compile(rf"^({_PREPOSITION})\s+(.+)$", re.IGNORECASE)
_DETERMINER = r"(?:the|a|an|my|our|your|all|new|any)"
_ROLE_WORD = (
    r"(?:employees?|staff|contractors?|interns?|apprentices?|trainees?|managers?|directors?|consultants?|freelancers?"
    r"|part-timers?|full-timers?|students?|visitors?|guests?|customers?|suppliers?|members|workers?|engineers?"
    r"|technicians?|admins?|administrators?|executives?|newcomers|starters?|hires?|joiners?|parents?|fathers?"
    r"|mothers?|teams?|colleagues?|people|persons?)"
)
_ROLE = re.compile(
    rf"\b(?:(?:{_DETERMINER}|full-time|part-time|permanent|temporary|external|senior|junior|regular) )*{_ROLE_WORD}\b",
    re.IGNORECASE,
)
_SELF = re.compile(r"\b(do|can|may|must|should|will|could|would|am|are|have) (?:i|we|you)\b", re.IGNORECASE)
_NAME = r"(?:[A-Z][\w&-]*|[A-Z]{2,})(?: (?:[A-Z0-9][\w&-]*))*"
_YEAR = r"(?:(?:19|20)\d\d|(?:last|next|this) year)"
_AMOUNT = r"(?:(?:EUR|USD|GBP|CHF) |[€$£] ?)\d(?:[\d.,]*\d)?"
_HEAD = re.compile(
    rf"^((?:what|who|where|when|which|how \w+)(?:'s| is| are| was| were) )"
    rf"((?:the|a|an|my|our) .+?)(?= {_PREPOSITION} |\W*$)(.*)$",
    re.IGNORECASE,
)


def substitute(fragment: str, before: str) -> str:
    """Return the question before with ``fragment`` in the place of the phrase of its kind.

    One that begins with a preposition is added at the end where there is no such phrase; the result is empty for any
    other: a new thing asked for, rather than the same of another thing.
    """
    leading = _LEADING.match(fragment)
    preposition, phrase = (leading.group(1).lower(), leading.group(2)) if leading else ("", fragment)
    asked = before.rstrip("?. ")
    for attempt in (_in_time, _in_amount, _in_role, _in_possession, _in_name, _in_tail, _in_head):
        replaced = attempt(asked, preposition, phrase)
        if replaced:
            return f"{replaced}?"
    return f"{asked} {preposition} {phrase}?" if preposition else ""


def _in_time(asked: str, preposition: str, phrase: str) -> str:
    """A year for a year."""
    del preposition
    if not re.fullmatch(_YEAR, phrase, re.IGNORECASE):
        return ""
    found = re.search(rf"\b{_YEAR}\b", asked, re.IGNORECASE)
    return asked[: found.start()] + phrase + asked[found.end() :] if found else f"{asked} in {phrase}"


def _in_amount(asked: str, preposition: str, phrase: str) -> str:
    """An amount for an amount."""
    del preposition
    found = list(re.finditer(_AMOUNT, asked)) if re.fullmatch(_AMOUNT, phrase) else []
    return asked[: found[0].start()] + phrase + asked[found[0].end() :] if len(found) == 1 else ""


def _in_possession(asked: str, preposition: str, phrase: str) -> str:
    """Somebody's thing for a thing of theirs: "my phone" for "my laptop"."""
    owned = re.fullmatch(r"(my|our|your) [\w-]+", phrase, re.IGNORECASE)
    found = re.findall(rf"\b{owned.group(1)} [\w-]+", asked, re.IGNORECASE) if owned and not preposition else []
    return asked.replace(found[0], phrase) if len(found) == 1 else ""


def _in_role(asked: str, preposition: str, phrase: str) -> str:
    """A group of people for a group of people, or for the "I" of the question."""
    if preposition not in ("", "for", "with", "by", "of") or not _ROLE.search(phrase):
        return ""
    found = _ROLE.search(asked)
    if found:
        return asked[: found.start()] + phrase + asked[found.end() :]
    own = _SELF.search(asked)
    if own is None:
        return ""
    verb = "are" if own.group(1).lower() == "am" else own.group(1)
    return f"{asked[: own.start()]}{verb} {phrase}{asked[own.end() :]}"


def _in_name(asked: str, preposition: str, phrase: str) -> str:
    """A name for a name (a place, a product): the one behind the same preposition, else the only one."""
    if not re.match(r"(?:the )?[A-Z0-9]", phrase):
        return ""
    for wanted in (preposition, _PREPOSITION) if preposition else (_PREPOSITION,):
        found = list(re.finditer(rf"(?<= )({wanted}) (?:the )?({_NAME})\b", asked))
        if len(found) == 1:
            return f"{asked[: found[0].start(1)]}{preposition or found[0].group(1)} {phrase}{asked[found[0].end() :]}"
    names = list(re.finditer(rf"(?<=[a-z] )(?:the )?{_NAME}\b", asked))
    if len(names) != 1 or preposition not in ("", "of"):
        return ""
    return asked[: names[0].start()] + phrase + asked[names[0].end() :]


def _in_tail(asked: str, preposition: str, phrase: str) -> str:
    """A phrase for the last one behind the same preposition: "for bicycles" for "for a private car"."""
    found = re.search(rf" {preposition} (?:\S+ ){{0,3}}\S+$", asked) if preposition else None
    tail = found.group().split()[1:] if found else []
    if found is None or re.search(rf" {_PREPOSITION} ", f" {' '.join(tail)} ") or re.match(r"[A-Z0-9]", phrase):
        return ""
    return f"{asked[: found.start()]} {preposition} {phrase}"


def _in_head(asked: str, preposition: str, phrase: str) -> str:
    """Another thing asked for ("and the per diem?") in the place of the first: "What is the hotel cap in Vienna"."""
    found = _HEAD.match(asked)
    if preposition or found is None or not re.match(r"(?:the|a|an|my|our|your)\b", phrase):
        return ""
    return f"{found.group(1)}{phrase}{found.group(3)}"
