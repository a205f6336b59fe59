"""Rows of the knowledge base: documents, spaces, search, what is done about them."""

from __future__ import annotations

from rights_table import (
    DONE,
    NOT_ALLOWED,
    NOT_FOUND,
    TOLD,
    Row,
    Rows,
    Unasked,
    admins,
    bulk,
    editors,
    edits,
    everyone,
    keeps,
    lists,
    reads,
)

from assistant.knowledge.caution import Wanted
from assistant.library import DocumentQuery, Facts, Filters, UploadGuard

ASKED = "What do the pilots earn?"

BASE: Rows = {
    "start": Unasked("begins work in the background"),
    "close": Unasked("ends it"),
    "take_over": Unasked("lets this process own the index"),
    "wait_until_done": Unasked("for commands and tests, which have the ids from uploads of their own"),
    "wait_until_indexed": Unasked("says when there is nothing left to do"),
    "load_samples": Unasked("as the local operator, at the first start alone"),
    "queries_go_to": Unasked("names the host of the settings, which every page shows"),
    "upload": edits(lambda w, p: w.services.knowledge.upload(p, "New.md", b"# New", space=w.space)),
    "begin_upload": edits(
        lambda w, p: w.services.knowledge.begin_upload(p, "New.md", w.space, 5, replaces=w.document).abort()
    ),
    "cancel": edits(lambda w, p: w.services.knowledge.cancel(p, w.document)),
    "finished_seq": everyone(lambda w, p: w.services.knowledge.finished_seq(p)),
    "finished_since": everyone(lambda w, p: w.services.knowledge.finished_since(p, 0)),
    "documents": lists(lambda w, p: w.services.knowledge.documents(p)),
    "document": reads(lambda w, p: w.services.knowledge.document(p, w.document)),
    "spaces": lists(lambda w, p: w.services.knowledge.spaces(p)),
    "add_space": editors(lambda w, p: w.services.knowledge.add_space(p, f"Hall of {p.id}")),
    "retry": edits(lambda w, p: w.services.knowledge.retry(p, w.failed)),
    "delete": edits(lambda w, p: w.services.knowledge.delete(p, w.document)),
    "reindex": admins(lambda w, p: w.services.knowledge.reindex(p)),
    "index_health": everyone(lambda w, p: w.services.knowledge.index_health(p)),
    "damaged_originals": keeps(lambda w, p: w.services.knowledge.damaged_originals(p)),
    "search": lists(lambda w, p: w.services.knowledge.search(p, ASKED)),
    "in_words_of_documents": lists(lambda w, p: w.services.knowledge.in_words_of_documents(p, "what is a zepelin")),
    "retrieve": lists(lambda w, p: w.services.knowledge.retrieve(p, [ASKED], filters=Filters(tags=("wages",)))),
    "embedders": admins(lambda w, p: w.services.knowledge.embedders(p)),
    "use_embedder": admins(lambda w, p: w.services.knowledge.use_embedder(p, "nothing"), NOT_FOUND),
    "cancel_embedder_change": admins(lambda w, p: w.services.knowledge.cancel_embedder_change(p)),
    "original": reads(lambda w, p: w.services.knowledge.original(p, w.document), DONE),
    "document_text": reads(lambda w, p: w.services.knowledge.document_text(p, w.document, 1)),
    "progress": everyone(lambda w, p: w.services.knowledge.progress(p).total),
}

LIBRARY: Rows = {
    "page": lists(lambda w, p: w.services.knowledge.library.page(p, DocumentQuery("zeppelin", in_text=True))),
    "facts": reads(lambda w, p: w.services.knowledge.library.facts(p, w.document)),
    "set_facts": edits(
        lambda w, p: w.services.knowledge.library.set_facts(p, w.document, Facts(title="Zeppelin"), 1), TOLD
    ),
    "tags": lists(lambda w, p: w.services.knowledge.library.tags(p)),
    "versions": reads(lambda w, p: w.services.knowledge.library.versions(p, w.document)),
    "difference": reads(lambda w, p: w.services.knowledge.library.difference(p, w.document, 1, 2)),
    "note_taken": reads(lambda w, p: w.services.knowledge.library.note_taken(p, w.document, 1), DONE),
    "restore": edits(lambda w, p: w.services.knowledge.library.restore(p, w.document, 1, 2), NOT_FOUND),  # no file
    "chunks": reads(lambda w, p: w.services.knowledge.library.chunks(p, w.document)),
    "move": Row(
        lambda w, p: w.services.knowledge.library.move(p, [w.document], "general"),
        {"staff": NOT_ALLOWED, "member": NOT_ALLOWED, "editor": DONE, "group_editor": DONE, "admin": DONE},
    ),
    "groups": Row(
        lambda w, p: w.services.knowledge.library.groups(p),
        {"staff": NOT_ALLOWED, "member": NOT_ALLOWED, "editor": TOLD, "group_editor": TOLD, "admin": TOLD},
    ),
    "restrict": edits(lambda w, p: w.services.knowledge.library.restrict(p, [w.document], None)),
    "delete_many": bulk(lambda w, p: w.services.knowledge.library.delete_many(p, [w.document])),
    "delete_unchanged": bulk(lambda w, p: w.services.knowledge.library.delete_unchanged(p, w.document, "0" * 64)),
    "retry_many": bulk(lambda w, p: w.services.knowledge.library.retry_many(p, [w.failed])),
    "gone": everyone(lambda w, p: w.services.knowledge.library.gone(p, [w.document])),
    "expired": everyone(lambda w, p: w.services.knowledge.library.expired(p, [w.document])),
    "leave_out_expired": everyone(lambda w, p: w.services.knowledge.library.leave_out_expired(p)),
    "set_leave_out_expired": editors(lambda w, p: w.services.knowledge.library.set_leave_out_expired(p, True)),
}

CAUTION: Rows = {
    "wanted": admins(lambda w, p: w.services.knowledge.caution.wanted(p)),
    "set_wanted": admins(lambda w, p: w.services.knowledge.caution.set_wanted(p, Wanted(0.2))),
    "threshold": Unasked("a number that every answer goes by"),
}

QUARANTINE: Rows = {
    "documents": keeps(lambda w, p: w.services.knowledge.quarantine.documents(p)),
    "document": keeps(lambda w, p: w.services.knowledge.quarantine.document(p, w.document)),
    "release": edits(lambda w, p: w.services.knowledge.quarantine.release(p, w.document)),
    "policy": everyone(lambda w, p: w.services.knowledge.quarantine.policy(p)),
    "set_policy": editors(lambda w, p: w.services.knowledge.quarantine.set_policy(p, UploadGuard.FLAG)),
    "for_models": Unasked("takes away from passages that were found for somebody"),
    "for_people": everyone(lambda w, p: w.services.knowledge.quarantine.for_people(p, [])),
}

REBUILDS: Rows = {
    "rechunk": edits(lambda w, p: w.services.knowledge.rebuilds.rechunk(p, [w.document]), "Conflict"),
    "cancel": edits(lambda w, p: w.services.knowledge.rebuilds.cancel(p, w.run)),
    "get": edits(lambda w, p: w.services.knowledge.rebuilds.get(p, w.run)),
    "held_up": edits(lambda w, p: w.services.knowledge.rebuilds.held_up(p, w.run)),
    "running": editors(lambda w, p: len(w.services.knowledge.rebuilds.running(p))),
}

FOLDERS: Rows = {
    "watched": admins(lambda w, p: w.services.knowledge.folders.watched(p)),
    "watch": admins(lambda w, p: w.services.knowledge.folders.watch(p, w.here, w.space)),
    "unwatch": admins(lambda w, p: w.services.knowledge.folders.unwatch(p, w.folder)),
    "sync": admins(lambda w, p: list(w.services.knowledge.folders.sync(p, w.here, w.space))),
}

FINDINGS: Rows = {
    "documents": keeps(lambda w, p: w.services.findings.documents(p)),
    "document": keeps(lambda w, p: w.services.findings.document(p, w.document)),
    "kept_from_cloud": editors(lambda w, p: w.services.findings.kept_from_cloud(p)),
    "keep_from_cloud": admins(lambda w, p: w.services.findings.keep_from_cloud(p, wanted=True)),
    "hides_from_cloud": Unasked("what admins set, which every answer goes by"),
}

ROWS = {
    "KnowledgeBase": BASE,
    "Library": LIBRARY,
    "Caution": CAUTION,
    "Quarantine": QUARANTINE,
    "Rebuilds": REBUILDS,
    "Folders": FOLDERS,
    "Findings": FINDINGS,
}
