"""What a question asks for, and whether a sentence is of a kind that could answer it."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum

from assistant.providers.offline.terms import content, is_stop, stem, words


class Kind(StrEnum):
    """The kind of answer a question asks for."""

    STEPS = "steps"
    CONTACT = "contact"
    FREQUENCY = "frequency"
    DURATION = "duration"
    AMOUNT = "amount"
    TIME = "time"
    PERSON = "person"
    PLACE = "place"
    REASON = "reason"
    YES_NO = "yes_no"
    LIST = "list"
    DEFINITION = "definition"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Question:
    """A question taken apart. ``terms`` are its content stems in order, once each.

    ``counted`` is the stem of what "how many" counts ("day" of "how many days"), empty otherwise;
    ``names`` are the stems of its proper names, numbers and acronyms, which an answer should not miss; ``figures``
    those of them that are numbers which name a thing ("Aurea 220", "2026") and not an amount.
    ``compares`` when it asks about two or more named things side by side.
    """

    text: str
    kind: Kind
    terms: tuple[str, ...]
    counted: str
    names: frozenset[str]
    figures: frozenset[str]
    compares: bool
    order: str = ""
    """Sentences about the form of the answer ("Answer with the full name."), which are no part of the question."""


_SPAN = r"(?:seconds?|minutes?|hours?|days?|nights?|weeks?|months?|quarters?|years?)"
_NUMBER = (
    r"(?:\d[\d.,]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty"
    r"|sixty|ninety|hundred|half|no|none|unlimited)"
)
_MONEY = r"(?:eur|euros?|usd|dollars?|gbp|pounds?|chf|percent|per cent|[€$£%])"
NO_PRICE = r"(?<![€$£])(?<!EUR )(?<!USD )(?<!GBP )(?<!CHF )"
"""What must not stand before a time of day: "GBP 3.50" is none."""

_MONTH = r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
_QUANTITY = (
    r"(?:cap|caps|limits?|amount|prices?|costs?|rates?|percentage|number|maximum|minimum|budget|fees?|allowances?"
    r"|salary|size|capacity|count|total|threshold|speed|weight|ratio|score|quota|balance|revenue)"
)

_WHO_IS_ONE = r"^who (?:counts|qualifies|is (?:considered|regarded|seen|defined))\b"

_KINDS: tuple[tuple[Kind, str], ...] = (
    (Kind.AMOUNT, rf"^how do(?:es)? .*\b{_QUANTITY}\b.* (?:compare|differ)\b|^compare\b.*\b{_QUANTITY}\b"),
    (Kind.OTHER, r"^how do(?:es)? .*\b(?:compare|differ)\b"),
    (Kind.CONTACT, r"\b(?:e-?mail address|phone number|telephone|hotline|url|web ?site|web address|link)\b.*\?*$"),
    (
        Kind.CONTACT,
        r"\bhow (?:do|can|could|should) (?:i|we|you|one|staff|employees) (?:contact|reach|call|get hold of)\b",
    ),
    (
        Kind.STEPS,
        r"\bhow (?:do|can|could|should|would|must) (?:i|we|you|one|they|he|she|it|\w+) (?!long|often|cost)\w+",
    ),
    (
        Kind.STEPS,
        r"\bhow to\b|\b(?:steps|procedure|process|instructions)\b|\bwhat (?:do|should|must|can) (?:i|we|you) do\b",
    ),
    (Kind.FREQUENCY, r"\bhow (?:often|frequently|regularly)\b|\bhow many times\b"),
    (Kind.DURATION, rf"\bhow (?:long|soon|quickly|fast|far in advance|late|early|old)\b|\bhow many {_SPAN}\b"),
    (Kind.DURATION, r"\b(?:notice|retention|probation\w*|warranty|grace) period\b"),
    (Kind.AMOUNT, r"\bhow (?:much|many|high|big|large|heavy|far|tall|fast)\b|\bwhat percentage\b"),
    (
        Kind.TIME,
        r"^(?:and |so |but )?when\b|\b(?:what|which) (?:time|date|day|year|month)\b|\b(?:by|until|since) when\b",
    ),
    (Kind.TIME, r"\bdeadline\b|\bdue date\b|\bopening hours\b|\bin (?:what|which) year\b"),
    (Kind.DEFINITION, _WHO_IS_ONE),
    (Kind.PERSON, r"\b(?:who|whom|whose)\b|\bwhich (?:team|department|person|manager|group|role)\b"),
    (
        Kind.PLACE,
        r"\bwhere\b|\b(?:what|which) (?:room|floor|building|city|country|site|location|address)\b|\baddress\b",
    ),
    (Kind.REASON, r"\bwhy\b|\bwhat (?:is|was|are) the reasons?\b"),
    (Kind.AMOUNT, rf"^what(?:'s| is| are| was|s)?\b.*\b{_QUANTITY}\b"),
    (Kind.YES_NO, r"^(?:is|are|am|do|does|did|can|could|may|must|should|will|would|has|have|was|were)\b(?! you tell)"),
    (Kind.LIST, r"^(?:which|what) (?:are|(?!is\b|was\b|does\b|has\b)\w+s)\b|^list\b"),
    (Kind.DEFINITION, r"^what(?:'s| is| does)\b|\bmean\b|\bstand for\b|^define\b"),
)
_KIND_PATTERNS = tuple((kind, re.compile(pattern)) for kind, pattern in _KINDS)

# For each kind: what a full answer shows, then what a weak one shows.
_ANSWERS: dict[Kind, tuple[str, str]] = {
    Kind.CONTACT: (
        r"\S@\S|https?://|\bwww\.|\+\d[\d ()-]{5,}|\bextension \d",
        r"\d{3,}|\b(?:contact|call|e-?mail|portal)\b",
    ),
    Kind.STEPS: (
        r"^\W*(?:\d+[.)]|[a-z]\))\s",
        r"^\W*(?:open|go|click|choose|select|enter|send|fill|log|ask|call|press|use)\b"
        r"|\b(?:must|should|can|may|is|are)\b.*\b(?:to|at|by|in|through|via|with|under)\b.*"
        r"(?:\S@\S|\bextension \d|https?:)",
    ),
    Kind.FREQUENCY: (
        r"\b(?:every|each|once|twice|times|daily|weekly|monthly|quarterly|yearly|annual|annually)\b"
        r"|\bper (?:day|week|month|year)\b",
        rf"\b{_NUMBER}\b",
    ),
    Kind.DURATION: (
        rf"\b{_NUMBER}(?:[- ](?:full|working|calendar|business|paid))*[- ]{_SPAN}\b",
        rf"\b{_SPAN}\b|\bimmediately\b",
    ),
    Kind.AMOUNT: (
        rf"(?<![\w-]){_NUMBER}\b|{_MONEY} ?\d|\d ?{_MONEY}|\bfree of charge\b",
        r"\b(?:several|many|few|all|every|both)\b",
    ),
    Kind.TIME: (
        rf"{NO_PRICE}\b\d{{1,2}}[:.]\d\d\b|\bthe \d{{1,2}}(?:st|nd|rd|th)\b|\b(?:19|20)\d\d\b|\b{_MONTH}\b"
        r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b\d{1,2} ?[ap]\.?m\b"
        rf"|\b(?:within|by|after|before|until) [^.]*\b{_SPAN}\b",
        r"\d|\b(?:after|before|until|by the|end of|beginning|when|once|as soon as|while)\b",
    ),
    Kind.PERSON: (
        r"\b(?:manager|team|department|director|officer|head|lead|desk|committee|council|office|hr|it|support|founder|president)\b",
        r"\b(?:by|from|with|to|named?|is|was)\b",
    ),
    Kind.PLACE: (
        r"\b(?:street|road|avenue|floor|room|building|site|city|located|location|portal|page|menu|folder|drive|intranet|corner|desk|door)\b",
        r"\b(?:in|at|on|under|near|from|to)\b",
    ),
    Kind.REASON: (
        r"\b(?:because|since|so that|in order to|due to|therefore|reason|caused|as a result)\b",
        r"\b(?:to|for|as|so)\b",
    ),
    Kind.YES_NO: (
        r"\b(?:may|can|must|cannot|not|allowed|permitted|only|never|always|forbidden|required|prohibited|no|yes|possible|need|needs)\b",
        r"\b(?:is|are|has|have|if|unless|when)\b",
    ),
    Kind.LIST: (r"[,;:] |\band\b", r"\w"),
    Kind.DEFINITION: (r"\b(?:is|are|means|stands for|refers to|called|was)\b", r"\w"),
}
_ANSWER_PATTERNS = {
    kind: (re.compile(full, re.IGNORECASE), re.compile(weak, re.IGNORECASE)) for kind, (full, weak) in _ANSWERS.items()
}
_PROPER_NAME = re.compile(r"(?<=\w )[A-Z][a-z]+(?: [A-Z][a-z]+)*")
_ORDER = re.compile(
    r"^(?:please )?(?:answer|respond|reply|present|format|provide (?:the|your) (?:answer|response|count)|provide your"
    r"|(?:your|the) (?:answer|response|reply))\b",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"^(?:please )?(?:provide|state|give|specify|indicate|supply|mention|express|write|include|return|name|make sure"
    r"|ensure|use|just|only)\b[^?]*$",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"^(?:(?:hi|hello|hey|please|thanks|ok|okay|so|well|and|also)[,!. ]+)*"
    r"(?:(?:can|could|would|will) you (?:please )?(?:tell|say|explain|show|name|specify|give|remind|identify|state"
    r"|provide|indicate)(?: me| us)?"
    r"|i (?:want|need|would like|'d like) to know|do you know|tell me|please tell me)[, ]*(?:about )?",
    re.IGNORECASE,
)
_ASKING = re.compile(r"^(?:identify|specify|name|state)\b|\?$", re.IGNORECASE)
_TO_THE_ASSISTANT = re.compile(r"\b(?:you|your|yours|yourself)\b", re.IGNORECASE)
_COUNTED = re.compile(r"\bhow many (?:\w+ly )?([a-z]+)(?: ([a-z]+))?")
_FIGURE = re.compile(r"(?<!\S)((?:19|20)\d\d)\b|#(\d+)\b|\b(?!EUR|USD|GBP|CHF)[A-Z][\w-]* (\d+)\b")
_COMPARES = re.compile(
    r"\b(?:compar\w+|differ\w*|versus|vs|chang\w+|between|side by side|longer|shorter|higher|lower|cheaper|heavier|than"
    r"|both|each|respectively)\b",
    re.IGNORECASE,
)
_PRICE = re.compile(r"\b(?:costs?|price|prices|paid|pay|fee|fees|charge|charged)\b", re.IGNORECASE)
_PAID = re.compile(
    rf"{_MONEY}\W{{0,3}}\d|\d ?{_MONEY}|\b(?:free|nothing|half|full|cent|cents)\b|\b(?:price|cost|fee|charge)s?\b",
    re.IGNORECASE,
)
_DEADLINE = re.compile(r"\b(?:by|until) when\b|\bdeadline\b|\bdue\b|\blatest\b", re.IGNORECASE)
_DUE = re.compile(
    r"\bwithin\b|\blater than\b|\blatest\b|\bdeadline\b|\bdue\b|\buntil\b|\bby (?:the )?(?:\d|end|\w+day)"
    rf"|\bby (?:the )?{_MONTH}|\b(?:{_NUMBER}) (?:\w+ )?{_SPAN} (?:before|after)\b",
    re.IGNORECASE,
)
_ANSWER_NEAR = 4  # words between a number and the thing it counts
# "These two days" were counted elsewhere; "2 additional days" come on top of what is asked for.
_POINTING = frozenset(("the", "these", "those", "other"))
_ADDING = frozenset(("additional", "further", "extra", "more", "another"))
# "Up to 8 days" is a limit: it answers what one may have, not what one has.
_LIMITS = frozenset((("up", "to"), ("at", "most")))
LONG_MESSAGE = 80
"""Words from which a message tells a story around what it asks; questions of seven public sets have 40 at most."""

# "With at least two days" says from when on something holds: it answers only what is asked of the least.
_FROM_ON = frozenset((("at", "least"), ("more", "than")))
_LEAST = re.compile(r"\b(?:least|minimum|must|need|needs|needed|have to|has to|require\w*)\b", re.IGNORECASE)
_MAY = re.compile(r"\b(?:can|may|could|allowed|maximum|at most|up to)\b", re.IGNORECASE)


def understand(text: str) -> Question:
    """Take a question apart."""
    asked, order = _parted(text)
    plain = _OPENING.sub("", asked).strip().lower() or asked.lower()
    compares = bool(_COMPARES.search(asked)) and len(_names(asked)) > 1
    return Question(
        text=asked,
        kind=_kind(plain),
        terms=_terms(asked, compares=compares),
        counted=_counted(plain),
        names=_names(asked),
        figures=_figures(asked),
        compares=compares,
        order=order,
    )


def core(text: str) -> str:
    """Return the question without sentences that only order the form of the answer ("Answer with a number.")."""
    return _parted(text)[0]


def gist(text: str) -> str:
    """Return what a long message asks: its questions, once each; one without a question, or a short one, stays."""
    if len(text.split()) <= LONG_MESSAGE:
        return text
    asked = (sentence for sentence in re.split(r"(?<=[.?!])\s+", " ".join(text.split())) if sentence.endswith("?"))
    return " ".join(dict.fromkeys(asked)) or text


def is_lookup(text: str) -> bool:
    """Return whether a message asks for some fact: not of the assistant itself, and naming two things at least."""
    asked = core(text)
    opening = _OPENING.match(asked)
    rest = asked[opening.end() :] if opening else asked
    asks = opening is not None or _ASKING.search(rest) is not None
    return asks and not _TO_THE_ASSISTANT.search(rest) and len(set(content(rest))) > 1


def _parted(text: str) -> tuple[str, str]:
    """The question, and the orders about the form of its answer; an order alone is a question."""
    sentences = re.split(r"(?<=[.?!])\s+", " ".join(text.split()))
    orders = [sentence for at, sentence in enumerate(sentences) if _is_order(sentence, first=at == 0)]
    kept = [sentence for sentence in sentences if sentence not in orders]
    return (" ".join(kept), " ".join(orders)) if kept else (" ".join(sentences), "")


def _is_order(sentence: str, *, first: bool) -> bool:
    """Whether a sentence only orders a form; "Provide the name of X." does when a question stands before it."""
    return _ORDER.match(sentence) is not None or (not first and _FORM.match(sentence) is not None)


def _terms(asked: str, *, compares: bool) -> tuple[str, ...]:
    """The content stems; "compare", "difference" and "who counts as" only say how to put the answer."""
    left_out = {stem(word) for word in words(asked) if _COMPARES.fullmatch(word)} if compares else set()
    asks_who_is_one = re.match(_WHO_IS_ONE, asked, re.IGNORECASE)
    left_out |= set(content(asks_who_is_one.group())) if asks_who_is_one else set()
    return tuple(term for term in dict.fromkeys(content(asked)) if term not in left_out)


def answer_fit(question: Question, text: str) -> float:
    """Return how well a sentence's form fits the kind of answer asked for, 0 to 1."""
    patterns = _ANSWER_PATTERNS.get(question.kind)
    if patterns is None:
        return 0.5
    if question.kind is Kind.PERSON and _PROPER_NAME.search(text):
        return 1.0
    if question.kind is Kind.AMOUNT and _PRICE.search(question.text) and not _PAID.search(text):
        return 0.4 if re.search(r"\d", text) else 0.0
    if question.counted and question.kind in (Kind.AMOUNT, Kind.DURATION):
        return _counts(question.counted, text, _no_totals(question.text))
    full, weak = patterns
    if question.kind is Kind.TIME and _DEADLINE.search(question.text) and not _DUE.search(text):
        return 0.3 if full.search(text) or weak.search(text) else 0.0
    return 1.0 if full.search(text) else 0.5 if weak.search(text) else 0.0


def _no_totals(asked: str) -> Set[tuple[str, str]]:
    """Words before a number that make it no answer to this question: of limits, and from when on something holds."""
    return (frozenset() if _MAY.search(asked) else _LIMITS) | (frozenset() if _LEAST.search(asked) else _FROM_ON)


def _counts(counted: str, text: str, no_totals: Set[tuple[str, str]]) -> float:
    """1 when a number stands just before the thing counted, less when anywhere in the sentence or as a mere limit."""
    found = words(text)
    numbers = [
        at for at, word in enumerate(found) if re.fullmatch(_NUMBER, word) and not (at and found[at - 1] in _POINTING)
    ]
    things = [at for at, word in enumerate(found) if stem(word) == counted]
    totals = [
        number
        for number in numbers
        if not _ADDING & set(found[number + 1 : number + 2])
        and tuple(found[max(0, number - 2) : number]) not in no_totals
    ]
    counting = {number for number in numbers for thing in things if 0 < thing - number <= _ANSWER_NEAR}
    if counting.intersection(totals):
        return 1.0
    return 0.6 if numbers and things and not counting else 0.4 if numbers else 0.0


def sets_condition(question: Question, text: str) -> bool:
    """Whether a sentence only says from how many on something holds ("with at least two days"), and none asked that."""
    found = words(text)
    numbers = [at for at, word in enumerate(found) if re.fullmatch(_NUMBER, word)]
    counted = [
        at for at in numbers if question.counted in {stem(word) for word in found[at + 1 : at + 1 + _ANSWER_NEAR]}
    ]
    from_on = [at for at in counted if tuple(found[max(0, at - 2) : at]) in _FROM_ON]
    return bool(question.counted and from_on) and from_on == counted and not _LEAST.search(question.text)


def _kind(plain: str) -> Kind:
    return next((kind for kind, pattern in _KIND_PATTERNS if pattern.search(plain)), Kind.OTHER)


def _counted(plain: str) -> str:
    found = _COUNTED.search(plain)
    if found is None:
        return ""
    first, second = found.group(1), found.group(2) or ""
    compound = second.endswith("s") and not first.endswith("s") and not is_stop(second)
    return stem(second if compound else first)


def _names(asked: str) -> frozenset[str]:
    """Stems of capitalised words after the first word, of acronyms, and of numbers."""
    named = re.findall(r"(?<=\s)[\"'(#]?([A-Z][\w-]+)|([A-Z]{2,}\w*)|(\d[\d.,]*\d|\d)", asked)
    flat = [word for group in named for word in group if word]
    return frozenset(term for word in flat for term in content(word) if not is_stop(word) or word.isupper())


def _figures(asked: str) -> frozenset[str]:
    return frozenset(stem(number) for group in _FIGURE.findall(asked) for number in group if number)
