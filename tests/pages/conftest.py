"""Real services on a small data folder, and the app run on them without a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lent_model import lend
from small_documents import write_documents
from streamlit.testing.v1 import AppTest

from assistant import bootstrap
from assistant import settings as settings_module
from assistant.web.state import HOLDER

ROOT = Path(__file__).resolve().parents[2]
INGEST_SECONDS = 120
RUN_SECONDS = 60


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bootstrap.Services]:
    """Started services that have three small documents."""
    folder = tmp_path_factory.mktemp("pages")
    lend(folder / "data")
    settings = settings_module.load(
        data_dir=folder / "data", samples=False, questions_per_minute=1000, embeddings_per_minute=1000
    )
    built = bootstrap.build(settings)
    person = built.people.local()
    documents = write_documents(folder)
    uploads = [
        built.knowledge.upload(person, p.name, p.read_bytes()) for p in sorted(documents.iterdir()) if p.is_file()
    ]
    built.knowledge.wait_until_done([upload.document_id for upload in uploads], INGEST_SECONDS)
    HOLDER.set_ready(built)
    yield built
    HOLDER.close()


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bootstrap.Services]:
    """Started services, without documents, of a company whose people sign in by password."""
    folder = tmp_path_factory.mktemp("staffed") / "data"
    lend(folder)
    built = bootstrap.build(settings_module.load(data_dir=folder, samples=False, auth="password"))
    HOLDER.set_ready(built)
    yield built
    HOLDER.close()


@pytest.fixture
def run_app(services: bootstrap.Services) -> Callable[..., AppTest]:
    """Run app.py, at the given address parameters, as a person's first visit."""
    del services

    def run(page: str | None = None, **address: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=RUN_SECONDS)
        for name, value in address.items():
            app.query_params[name] = value
        app.run()
        return app if page is None else app.switch_page(page).run()

    return run
