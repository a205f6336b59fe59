"""What is said when the documents do not answer."""

from __future__ import annotations

from assistant.chat.abstention import abstains, abstention


def test_an_abstention_says_so_first_and_what_was_looked_for() -> None:
    text = abstention("May I bring my dog?", [])
    assert abstains(text)
    assert "Looked for: May I bring my dog?" in text
    assert "still being read" not in text


def test_documents_on_their_way_are_told_since_they_may_hold_the_answer() -> None:
    assert abstention("May I bring my dog?", [], pending=7).endswith(
        "Documents that are still being read: 7. Ask again in a minute."
    )
