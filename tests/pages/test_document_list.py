"""The list of documents: filtered, sorted, turned, ticked, and acted on by many at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from assistant.bootstrap import Services
from assistant.domain import DocumentStatus
from assistant.library import Facts, FileProgress
from pages.components.document_progress import said
from pages.components.finished import everything_since
from pages.components.guard import Entered

RunApp = Callable[..., AppTest]
PAGE = "pages/knowledge_base.py"
MARKUP = "<img src=x onerror=alert(1)> [click](www.evil.example) :red[x].txt"


def names(app: AppTest) -> list[str]:
    """What the rows are headed by."""
    boxes = [box.label for box in app.checkbox if (box.key or "").startswith("select-")]
    return [label.removeprefix("Select ") for label in boxes if label.startswith("Select ") and "all on" not in label]


def ids(services: Services) -> dict[str, str]:
    return {one.name: one.id for one in services.knowledge.documents(services.people.local())}


@pytest.fixture
def several(services: Services) -> Iterator[dict[str, str]]:
    """Four more documents, by name; deleted in the end."""
    person = services.people.local()
    made = [services.knowledge.upload(person, f"Note {number}.md", f"# Note {number}\n\nA tree.\n".encode())
            for number in range(3)]  # fmt: skip
    made.append(services.knowledge.upload(person, MARKUP, b"A name that is no markup.\n"))
    services.knowledge.wait_until_done([upload.document_id for upload in made], 60)
    yield {upload.name: upload.document_id for upload in made}
    services.knowledge.library.delete_many(person, [upload.document_id for upload in made])


def test_a_name_is_text_whatever_it_looks_like(run_app: RunApp, several: dict[str, str]) -> None:
    del several
    app = run_app(PAGE)
    assert not app.exception
    shown = next(element.value for element in app.markdown if "onerror" in element.value)
    assert shown.startswith("**\\<img src=x onerror=alert(1)> \\[click\\](`www.evil.example`) \\:red\\[x\\].txt**")


def test_rows_say_the_space_where_there_are_several(services: Services, run_app: RunApp) -> None:
    assert not [one.value for one in run_app(PAGE).caption if one.value.startswith("in general")]
    me, spaces = services.people.local(), services.accounts.spaces
    space = spaces.add(me, "Board papers", [])
    assert [one.value for one in run_app(PAGE).caption if one.value.startswith("in general · ")]
    spaces.delete(me, space.id)


def test_words_in_the_text_find_documents_too(run_app: RunApp, several: dict[str, str]) -> None:
    del several
    app = run_app(PAGE)
    app.text_input(key="documents-filter").set_value("tree").run()
    assert [info.value for info in app.info] == ["No document is like that. Use fewer words or filters."]
    app.checkbox(key="documents-in-text").check().run()
    assert sorted(names(app)) == ["Note 0.md", "Note 1.md", "Note 2.md"]
    assert "3 documents found" in [element.value for element in app.subheader]


def test_the_order_is_the_persons(run_app: RunApp, several: dict[str, str]) -> None:
    del several
    app = run_app(PAGE)
    app.text_input(key="documents-filter").set_value("note").run()
    app.selectbox(key="documents-sort").set_value("Name, Z to A").run()
    assert names(app) == ["Note 2.md", "Note 1.md", "Note 0.md"]


def test_ticked_documents_are_deleted_together_after_a_question(
    run_app: RunApp, services: Services, several: dict[str, str]
) -> None:
    app = run_app(PAGE)
    for name in ("Note 0.md", "Note 1.md"):
        app.checkbox(key=f"select-{several[name]}").check().run()
    assert app.checkbox(key="select-page").label == "2 selected"
    app.button(key="bulk-delete").click().run()
    assert "**Note 0.md**  \n**Note 1.md**" in [element.value for element in app.markdown]
    app.button(key="confirm-delete").click().run()
    assert not app.exception
    left = ids(services)
    assert "Note 0.md" not in left
    assert "Note 1.md" not in left
    assert "Note 2.md" in left
    assert app.checkbox(key="select-page").label == "Select all on this page"


def test_a_ticked_document_that_is_gone_meanwhile_holds_nothing_up(
    run_app: RunApp, services: Services, several: dict[str, str]
) -> None:
    app = run_app(PAGE)
    for name in ("Note 0.md", "Note 1.md"):
        app.checkbox(key=f"select-{several[name]}").check().run()
    services.knowledge.delete(services.people.local(), several["Note 0.md"])
    app.button(key="bulk-delete").click().run()
    assert "**Note 1.md**" in [element.value for element in app.markdown]
    app.button(key="confirm-delete").click().run()
    assert not app.exception
    assert "Note 1.md" not in ids(services)


def test_all_that_ended_is_told_however_many(services: Services) -> None:
    person, knowledge = services.people.local(), services.knowledge
    seen = knowledge.finished_seq(person)
    made = [knowledge.upload(person, f"Leaf {number}.txt", b"").document_id for number in range(55)]
    knowledge.wait_until_done(made, 90)
    news = everything_since(Entered(services, person), seen)
    assert sorted(one.document_id for one in news) == sorted(made)
    knowledge.library.delete_many(person, made)


def test_all_on_the_page_are_ticked_at_once_and_cleared(run_app: RunApp, several: dict[str, str]) -> None:
    app = run_app(PAGE)
    app.checkbox(key="select-page").check().run()
    assert app.checkbox(key="select-page").label == f"{len(several) + 3} selected"
    app.button(key="bulk-clear").click().run()
    assert app.checkbox(key="select-page").label == "Select all on this page"
    assert not any(app.checkbox(key=f"select-{id_}").value for id_ in several.values())


def test_an_expired_document_says_so_and_is_found_by_it(
    run_app: RunApp, services: Services, several: dict[str, str]
) -> None:
    person, id_ = services.people.local(), several["Note 2.md"]
    revision = services.knowledge.library.facts(person, id_).revision
    facts = Facts(title="The tree", owner="Gardens", tags=("green",), valid_until=date(2020, 1, 31))
    services.knowledge.library.set_facts(person, id_, facts, revision)
    app = run_app(PAGE)
    shown = [element.value for element in app.markdown]
    assert "**The tree** :green-badge[ready] :orange-badge[expired] :gray-badge[green]" in shown
    caption = next(element.value for element in app.caption if "owner Gardens" in element.value)
    assert caption.startswith("Note 2.md · ")
    assert caption.endswith("expired on 31 Jan 2020")


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (FileProgress(DocumentStatus.QUEUED, place_in_line=1), "Queued: next in line"),
        (FileProgress(DocumentStatus.QUEUED, place_in_line=1200), "Queued: number 1,200 in line"),
        (FileProgress(DocumentStatus.PARSING), "Reading"),
        (FileProgress(DocumentStatus.PARSING, done=3, total=40), "Reading page 4 of 40"),
        (FileProgress(DocumentStatus.PARSING, done=40, total=40), "Reading page 40 of 40"),
        (
            FileProgress(DocumentStatus.PARSING, done=3, total=5, per_second=0.05, seconds_left=40, recognising=True),
            "Recognising text page 4 of 5 · 0.1 pages a second · 40 s left",
        ),
        (
            FileProgress(DocumentStatus.EMBEDDING, done=120, total=9000, per_second=61.4, seconds_left=144.6),
            "Embedding 120 of 9,000 passages · 61 passages a second · about 3 minutes left",
        ),
        (FileProgress(DocumentStatus.INDEXING, done=9, total=9, unit="chunks"), "Indexing 9 of 9 passages"),
    ],
)
def test_progress_says_stage_speed_and_time_left(progress: FileProgress, words: str) -> None:
    assert said(progress) == words
