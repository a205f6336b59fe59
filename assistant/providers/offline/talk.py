"""What the offline model says where nothing is to be quoted."""

from __future__ import annotations

import re

ACTION = (
    "I cannot create tickets, tasks or reminders yet, and I cannot change anything in other systems. "
    "I can look up in the knowledge base how it is done and who does it: "
    'ask for example "How do I report a broken laptop?"'
)
ABILITIES = (
    "I answer questions from your company's documents and show the page and the sentence each answer rests on. "
    "I can quote rules, figures, contacts and step lists, and calculate simple sums. "
    "When the documents do not answer, I say so. What would you like to know?"
)
GREETING = "Hello! Ask me anything that your company's documents may answer, such as rules, contacts or instructions."
THANKS = "You are welcome. Ask on whenever you need something from the documents."
GOODBYE = "Goodbye! The conversation stays here when you come back."
SORRY = (
    "I am sorry that this did not help. Tell me what was missing or wrong, for example the site, the product or "
    "the year you mean, and I will look again."
)
OFF_TOPIC = (
    "I can only say what stands in your company's documents, so I have nothing to say about that. "
    "Is there something from the documents I can look up?"
)

_GREET = re.compile(
    r"^\W*(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|welcome|greetings|nice to meet)\b", re.IGNORECASE
)
_THANK = re.compile(
    r"^\W*(?:thanks?|thank you|thx|great|perfect|cool|ok(?:ay)?|good job|well done|you are great)\b", re.IGNORECASE
)
_BYE = re.compile(r"^\W*(?:bye|goodbye|see you|have a (?:nice|good))\b", re.IGNORECASE)
_WHO = re.compile(
    r"\b(?:who|what) are you\b|\byour (?:name|capabilities)\b|\b(?:what|how) can you\b|\bcan you (?:do|help|speak)\b"
    r"|\bhow do you work\b"
    r"|\bquestions can i\b|^\W*help(?: me)?\W*$|\bwhich model\b|\bable to do\b|\bhuman or\b|\bwho made you\b",
    re.IGNORECASE,
)
_UNHAPPY = re.compile(
    r"\b(?:wrong|not helpful|nonsense|incorrect|useless|does(?:n't| not) help|bad answer)\b", re.IGNORECASE
)
_POINTING = re.compile(r"\b(?:it|this|that|they|them|something|thing|stuff|problem|question)\b", re.IGNORECASE)
REPEATED = 100
"""Characters of a message that are said again in a question back."""
SHORT = 4
"""Words up to which a message without a topic is asked back about rather than declined."""


def general(message: str) -> str:
    """Answer small talk and questions about the assistant; ask back when a message is unclear."""
    for pattern, reply in ((_WHO, ABILITIES), (_UNHAPPY, SORRY), (_BYE, GOODBYE), (_GREET, GREETING), (_THANK, THANKS)):
        if pattern.search(message):
            return reply
    said = " ".join(message.split())
    return _ask_back(said if len(said) <= REPEATED else f"{said[:REPEATED].rstrip()} …")


def _ask_back(message: str) -> str:
    words = re.findall(r"[^\W\d_]{2,}", message)
    if not words:
        return f'"{message}" holds no word I could search for. What would you like to know?'
    pointing = _POINTING.search(message)
    if pointing:
        return (
            f'I do not know yet what "{pointing.group()}" means here. Which document, system or subject is your '
            "question about?"
        )
    if len(words) <= SHORT:
        return (
            f'What would you like to know about "{message}"? One whole question is enough, for example '
            f'"Who is responsible for ...?" or "How do I ...?"'
        )
    return OFF_TOPIC
