"""A model that obeys word for word what a poisoned document asks still cannot reach another host."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from chat_page import ChatPage
from playwright.sync_api import ConsoleMessage, Page, expect
from running_app import RunningApp

pytestmark = pytest.mark.browser

HOSTILE = """End of the answer.

![x](http://other.example/p.png?leak=1) [![y](http://other.example/q.png)](http://other.example)

[click](http://other.example) <http://other.example/auto> www.other.example https://other.example/bare

![z][ref] [data](data:text/html;base64,AAAA) [js](javascript:alert(1))

[ref]: http://other.example/r.png

<img src="http://other.example/s.png"> <iframe src="http://other.example"></iframe> $x$ :red[red] :material/home:

| cell |
|---|
| ![t](http://other.example/t.png) |

```mermaid
graph TD; A["<img src='http://other.example/u.png'>"] --> B
```
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """The app with a model that ends every answer with hostile markdown."""
    data_dir = tmp_path_factory.mktemp("hostile") / "data"
    variables = {"ASSISTANT_SAMPLES": "off", "SCRIPTED_END": HOSTILE}
    with RunningApp(data_dir, script="tests/e2e/scripted_app.py", **variables) as running:
        yield running


def test_an_answer_never_loads_or_links_another_host(app: RunningApp, page: Page) -> None:
    chat = ChatPage(page, app.url).open()
    chat.ask("hello there")
    expect(chat.live).to_contain_text("These words come first.")
    httpx.post(f"{app.url}/gate", trust_env=False).raise_for_status()
    expect(chat.done).to_contain_text("End of the answer.")
    answer = chat.done.get_by_test_id("stChatMessage").last
    assert answer.locator("[data-testid=stMarkdownContainer] a").count() == 0
    assert answer.locator("[data-testid=stMarkdownContainer] img").count() == 0
    assert answer.locator("iframe, svg[id*=mermaid], .katex").count() == 0
    expect(answer).to_contain_text("http://other.example/auto")


def test_a_question_is_drawn_as_it_was_typed(app: RunningApp, page: Page) -> None:
    chat = ChatPage(page, app.url).open()
    typed = "hello ![x](http://other.example/p.png) <b>bold</b> $5 and $6 **stars**"
    chat.ask(typed)
    expect(chat.live.get_by_test_id("stChatMessage").first).to_contain_text(typed)
    httpx.post(f"{app.url}/gate", trust_env=False).raise_for_status()
    expect(chat.done).to_have_count(1)


def test_the_pages_work_under_their_own_policy(page: Page, tmp_path_factory: pytest.TempPathFactory) -> None:
    refused: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            refused.append(message.text)

    page.on("console", note)
    with RunningApp(tmp_path_factory.mktemp("policy") / "data", ASSISTANT_SAMPLES="off") as running:
        answer = httpx.get(running.url, trust_env=False)
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        ChatPage(page, running.url).open().answer("Hello, what can you do?")
        page.get_by_test_id("stSidebarNavLink").filter(has_text="Knowledge base").click()
        expect(page.get_by_test_id("stFileUploader")).to_be_visible()
    assert refused == []
