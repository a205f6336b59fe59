"""An answer made of the passages' own words: the answering sentence first, then what helps to act on it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant.providers.offline.comparing import NEAR_ENOUGH, in_parallel, lines, side_by_side, sides
from assistant.providers.offline.conflicts import conflict, quote_conflict
from assistant.providers.offline.editions import asks_what_changed, matter, names_edition
from assistant.providers.offline.finding import LEAST_SIMILARITY, Found, covered, search
from assistant.providers.offline.lists import list_around, quote_list
from assistant.providers.offline.parts import Missing, lacking, missing_thing, parts, unanswered
from assistant.providers.offline.question import Question, understand
from assistant.providers.offline.quotes import Quote, plain
from assistant.providers.offline.rows import quote_rows, quote_side, quote_table_below, quote_within
from assistant.providers.offline.sides import Side, quote_sides
from assistant.providers.offline.spans import Seeker
from assistant.providers.offline.supersession import by_edition, in_force
from assistant.providers.offline.terms import content
from assistant.providers.offline.units import ROWS, Unit, UnitKind
from assistant.providers.passages import PromptPassage

if TYPE_CHECKING:
    from assistant.providers.minilm import MiniLM

MORE = 3
"""Sentences beside the answering one."""

FIRST_LOOK = 60
"""Words that people read at once. Those of them that the answering sentence leaves go to the likeliest others."""

LONGEST = 120
"""Words of an answer that is no list."""

NEAR_BEST = 1.2
"""A sentence this much below the best one's score (in log odds) is about a third as likely to answer."""

SAME = 0.7
"""Share of common words from which a sentence says the same again."""

_LEANS = re.compile(r"^(?:it|they|this|these|that|those|he|she|such|both|otherwise|however|then)\b", re.IGNORECASE)
_GOES_ON = re.compile(
    r"^(?:it|they|this|these|otherwise|however|but|then|if|unless|exceptions?|only|for (?:this|that)|please)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is quoted for one question, and what of it no passage speaks of."""

    quotes: Sequence[Quote] = ()
    gaps: Sequence[Missing] = ()
    covered: bool = False


def answer(asked: str, passages: Sequence[PromptPassage], embedder: MiniLM) -> Iterator[str]:
    """Yield the answer piece by piece, each a verbatim quote with its marker; nothing when nothing answers.

    Of a question in parts each is answered; a part that no passage covers is named, in the assistant's own words.
    """
    questions = parts(asked)
    answers = [_answer(question, passages, embedder) for question in questions]
    if len(questions) > 1 and not any(one.covered for one in answers):
        questions, answers = [asked], [_answer(asked, passages, embedder)]
    single = len(questions) == 1
    told = [one for one in answers if one.quotes and (one.covered or single)]
    yield from _written([one.quotes for one in told])
    gaps = [gap for one in told for gap in one.gaps]
    if told and single:
        gaps += _missing_thing(asked, passages, embedder)
    elif told:
        gaps += [unanswered(part) for part, one in zip(questions, answers, strict=True) if one not in told]
    yield from (f"\n\n{gap.sentence()}" for gap in gaps)


def _missing_thing(asked: str, passages: Sequence[PromptPassage], embedder: MiniLM) -> list[Missing]:
    missing = missing_thing(_matter(asked, passages), in_force(asked, passages), embedder, LEAST_SIMILARITY)
    return [missing] if missing else []


def _matter(asked: str, passages: Sequence[PromptPassage]) -> str:
    return matter(asked, [passage.document for passage in passages])


def _answer(asked: str, passages: Sequence[PromptPassage], embedder: MiniLM) -> _Answer:
    """What answers one question: a side for each edition of a document that it asks for, or one for all.

    What has changed is looked for in the newest edition first, which may tell it.
    """
    about = understand(_matter(asked, passages))
    held = in_force(asked, passages)
    editions = by_edition(asked, held)
    if editions and not asks_what_changed(about.text):
        told, gaps = _by_edition(about, editions, embedder)
        if told:
            return _Answer(quote_sides(told), gaps, covered=True)
    for searched in [*editions[:1], held]:
        found = search(about, searched, embedder)
        if found and (searched is held or covered(found)):
            return _Answer(_quotes(_of_its_time(asked, found)), covered=covered(found))
    return _Answer()


def _of_its_time(asked: str, found: Found) -> Found:
    """Without what other documents say beside an edition that was asked for by its year: it may hold today alone."""
    document = found.passages[found.best.passage].document
    if not names_edition(asked, [document]):
        return found
    scored, by_words = (
        [one for one in every if found.passages[one.unit.passage].document == document]
        for every in (found.scored, found.by_words)
    )
    return replace(found, scored=scored, by_words=by_words)


def _by_edition(
    about: Question, editions: Sequence[Sequence[PromptPassage]], embedder: MiniLM
) -> tuple[list[Side], list[Missing]]:
    """What each edition says, the newest first, and which of them says nothing."""
    gaps: list[Missing] = []
    found: list[Found] = []
    for passages in editions:
        one = search(about, passages, embedder)
        if one is None or _unknown(about, one):
            gaps.append(lacking(about.text, passages[0].document))
        else:
            found.append(one)
    return [(one.passages[one.best.passage], _short(one)) for one in in_parallel(found)] if found else [], gaps


def _unknown(question: Question, found: Found) -> bool:
    """Whether passages lack a name that the question has."""
    around = {stem for one in found.passages for stem in content(f"{one.document} {one.heading} {one.text}")}
    return any(not name[:1].isdigit() for name in question.names - around)


def _short(found: Found) -> list[Quote]:
    """The list, the rows or the one sentence that answers, without what else might help."""
    listed = list_around(found.question, found.best, found.passages, found.pieces, found.embedder)
    if listed:
        return quote_list(listed, found.passages)
    if found.best.kind in ROWS and not set(found.question.terms) & set(found.best.terms):
        header, rows = quote_side(found.question, found.best, found.passages, found.pieces)
        return lines([*([header] if header else []), *rows])
    if found.best.kind in ROWS:
        return quote_rows(found.question, found.best, found.passages, found.pieces)
    return _opening(found)


def _written(answers: Sequence[Sequence[Quote]]) -> Iterator[str]:
    """Each answer as its own paragraph, what was quoted before left out."""
    said: set[tuple[int, str]] = set()
    for quotes in answers:
        fresh = [quote for quote in quotes if (quote.n, quote.text) not in said]
        for at, quote in enumerate(fresh):
            yield replace(quote, lead="\n\n" + quote.lead.lstrip()).write() if said and not at else quote.write()
        said |= {(quote.n, quote.text) for quote in fresh}


def _quotes(found: Found) -> list[Quote]:
    within = quote_within(found.question, found.passages, found.pieces)
    if within:
        return within
    listed = list_around(found.question, found.best, found.passages, found.pieces, found.embedder)
    if listed:
        return quote_list(listed, found.passages)
    compared = sides(found) if found.question.compares else []
    if len(compared) > 1:
        return side_by_side(compared, found)
    if found.best.kind in ROWS:
        return quote_rows(found.question, found.best, found.passages, found.pieces)
    differing = conflict(found.question, [found.scored[0], *found.by_words], found.passages)
    if differing:
        return quote_conflict(differing, found.passages)
    return _prose(found) + quote_table_below(found.question, found.best, found.passages, found.pieces)


def _prose(found: Found) -> list[Quote]:
    """The best sentence, led in by the one before when it leans on it, then others: the likeliest, in reading order."""
    opening = [*_antecedent(found), found.best]
    first = _fill(_likely(found), opening, found, FIRST_LOOK)
    more = _fill(_candidates(found), [*opening, *first], found, LONGEST)
    return [
        *_opening(found),
        *(_running(piece, found) for piece in [*_in_order(first, found), *_in_order(more, found)]),
    ]


def _opening(found: Found) -> list[Quote]:
    """The best sentence with the words that answer in bold, led in by the one before when it leans on it."""
    led = [_running(piece, found) for piece in _antecedent(found)]
    best = _running(found.best, found)
    best = replace(best, lead=" " if led else "", bold=Seeker(found.question).only(best.text))
    return [replace(quote, lead="") for quote in led] + [best]


def _running(piece: Unit, found: Found) -> Quote:
    return Quote(found.passages[piece.passage].n, plain(piece), " ")


def _in_order(chosen: Sequence[Unit], found: Found) -> list[Unit]:
    """As one reads: first what stands in the best sentence's passage."""
    return sorted(chosen, key=lambda piece: (piece.passage != found.best.passage, piece.passage, piece.at))


def _antecedent(found: Found) -> list[Unit]:
    before = _at(found.pieces, found.best.passage, found.best.at - 1)
    leans = _LEANS.match(found.best.text) and before is not None and before.kind is UnitKind.PROSE
    return [before] if leans and before else []


def _fill(candidates: Iterable[Unit], said: Sequence[Unit], found: Found, longest: int) -> list[Unit]:
    """Take what says something new and leaves the answer under ``longest`` words."""
    chosen: list[Unit] = []
    length = sum(_length(piece) for piece in said)
    for piece in candidates:
        fits = len(said) + len(chosen) <= MORE and length + _length(piece) <= longest
        if fits and not any(_same(piece, other, found.question.names) for other in [*said, *chosen]):
            chosen.append(piece)
            length += _length(piece)
    return chosen


def _likely(found: Found) -> Iterator[Unit]:
    """Sentences by how likely they answer, down to one in twenty of the best."""
    best = found.scored[0].score
    return (one.unit for one in found.scored[1:] if one.unit.kind is UnitKind.PROSE and best - one.score <= NEAR_ENOUGH)


def _candidates(found: Found) -> Iterator[Unit]:
    """Sentences that go on from the best one, then those nearly as good as it, best first."""
    best = found.best
    following = _at(found.pieces, best.passage, best.at + 1)
    if following and following.kind is UnitKind.PROSE and _GOES_ON.match(following.text):
        yield following
    missing = found.question.names - set(best.terms)
    for one in found.scored[1:]:
        behind = found.scored[0].score - one.score
        if one.unit.kind is UnitKind.PROSE and (
            behind <= NEAR_BEST or (behind <= 2 * NEAR_BEST and missing & set(one.unit.terms))
        ):
            yield one.unit


def _same(piece: Unit, other: Unit, names: Set[str]) -> bool:
    """Whether a piece says again what another says; not when it says it of another of the things asked about."""
    if (piece.passage, piece.at) == (other.passage, other.at):
        return True
    if piece.kind in ROWS:
        return False
    mine, theirs = set(piece.terms), set(other.terms)
    if (mine - theirs) & names:
        return False
    return len(mine & theirs) / max(1, min(len(mine), len(theirs))) >= SAME


def _at(pieces: Sequence[Unit], passage: int, at: int) -> Unit | None:
    return next((piece for piece in pieces if piece.passage == passage and piece.at == at), None)


def _length(piece: Unit) -> int:
    return len(piece.text.split())
