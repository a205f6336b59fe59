"""Twenty generated documents, ten PDF and ten Markdown of about 1,500 words, the same bytes on every run.

Each has one planted fact, told nowhere else, with a question that only it answers.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SECTIONS = 10
SECTION_WORDS = 130  # and up to one sentence more, and the headings
SEED = 20_261_120

SITES = ("Graz", "Linz", "Bremen", "Lyon", "Porto", "Gdansk", "Turin", "Malmo", "Ghent", "Brno")
TOPICS = ("travel expenses", "equipment loans")
ITEMS = ("torque wrench", "thermal camera", "label printer", "pallet truck", "spectrometer")
WHO = ("The site manager", "The shift lead", "Every employee", "The finance team", "The safety officer", "A contractor")
MUST = ("records", "approves", "reviews", "reports", "checks", "archives", "confirms", "hands over")
WHAT = (
    "the signed request", "the weekly figures", "each open incident", "the original receipt", "the loan form",
    "the inspection protocol", "the list of visitors", "the supplier's invoice", "the calibration certificate",
)  # fmt: skip
WHEN = (
    "before the end of the working day", "within five working days", "in the first week of the quarter",
    "as soon as the goods arrive", "no later than the monthly meeting", "together with a second person",
)  # fmt: skip
WHY = (
    "so that the audit trail stays complete", "because the insurer asks for it", "unless the works council objects",
    "which keeps the cost centre correct", "and keeps a copy in the shared folder", "even when the system is down",
)  # fmt: skip
HEADINGS = (
    "Purpose", "Scope", "Responsibilities", "Requests", "Approval", "Limits", "Records", "Exceptions",
    "Reporting", "Training", "Review", "Contacts", "Definitions", "Changes",
)  # fmt: skip


@dataclass(frozen=True)
class Written:
    """One document on disk and the question that its planted fact answers."""

    path: Path
    question: str


def write_documents(folder: Path) -> list[Written]:
    """Write the twenty documents into the folder, Markdown and PDF in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_write(folder, number) for number in range(len(SITES) * len(TOPICS))]


def _write(folder: Path, number: int) -> Written:
    site, topic = SITES[number % len(SITES)], TOPICS[number // len(SITES)]
    chance = random.Random(SEED + number)  # noqa: S311 - text, not a secret
    item, days = ITEMS[number % len(ITEMS)], 3 + number
    fact = f"At the {site} site the {item} under the rules for {topic} has to be signed back in within {days} days."
    question = f"Within how many days must the {item} be signed back in at the {site} site under {topic}?"
    title = f"{site} handbook on {topic}"
    sections = list(_sections(chance, fact, title))
    name = title.replace(" ", "-").lower()
    if number % 2:
        return Written(_markdown(folder / f"{name}.md", title, sections), question)
    return Written(_pdf(folder / f"{name}.pdf", title, sections), question)


def _sections(chance: random.Random, fact: str, title: str) -> Iterator[tuple[str, list[str]]]:
    """Headings with two paragraphs each; the fact stands somewhere in the middle."""
    planted = chance.randrange(2, SECTIONS - 2)
    for number in range(SECTIONS):
        sentences = _sentences(chance, SECTION_WORDS)
        if number == planted:
            sentences.insert(chance.randrange(len(sentences)), fact)
        half = len(sentences) // 2
        heading = f"{number + 1}. {HEADINGS[number % len(HEADINGS)]} of the {title}"
        yield heading, [" ".join(sentences[:half]), " ".join(sentences[half:])]


def _sentences(chance: random.Random, words: int) -> list[str]:
    found: list[str] = []
    while sum(len(sentence.split()) for sentence in found) < words:
        parts = (chance.choice(WHO), chance.choice(MUST), chance.choice(WHAT), chance.choice(WHEN))
        found.append(f"{' '.join(parts)}, {chance.choice(WHY)}.")
    return found


def _markdown(path: Path, title: str, sections: list[tuple[str, list[str]]]) -> Path:
    blocks = [f"# {title}"]
    for heading, paragraphs in sections:
        blocks += [f"## {heading}", *paragraphs]
    path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    return path


def _pdf(path: Path, title: str, sections: list[tuple[str, list[str]]]) -> Path:
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    styles = getSampleStyleSheet()
    story = [Paragraph(title, styles["Title"])]
    for heading, paragraphs in sections:
        story.append(Paragraph(heading, styles["Heading2"]))
        story += [Paragraph(text, styles["BodyText"]) for text in paragraphs]
    SimpleDocTemplate(str(path), title=title, invariant=1).build(story)
    return path
