"""The chat page: what it draws for questions, answers, refusals and addresses."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from assistant.bootstrap import Services
from assistant.domain import Route, TurnStatus

RunApp = Callable[..., AppTest]
HOTEL = "How much may a hotel room in Vienna cost?"


def text_of(app: AppTest) -> str:
    return "\n".join(str(element.value) for element in [*app.markdown, *app.title, *app.caption])


def ask(app: AppTest, question: str) -> AppTest:
    return app.chat_input[0].set_value(question).run()


def test_a_first_visit_greets_and_offers_the_composer(run_app: RunApp) -> None:
    app = run_app()
    assert not app.exception
    assert app.title[0].value == "What would you like to know?"
    assert "Demo: everything runs on this machine, no sign-in" in text_of(app)
    assert not app.chat_input[0].disabled


def test_a_question_is_answered_with_its_source_and_gets_an_address(run_app: RunApp) -> None:
    app = ask(run_app(), HOTEL)
    assert not app.exception
    assert "**145 euros** a night" in text_of(app)
    assert any(button.label == "1 · Travel Policy.pdf · page 2" for button in app.button)
    assert app.query_params["conversation"]


def test_the_answer_is_followed_to_its_end_and_stored(run_app: RunApp, services: Services) -> None:
    app = ask(run_app(), HOTEL)
    conversation_id = app.query_params["conversation"]
    (turn,) = services.chat.turns(services.people.local(), conversation_id)
    assert turn.status is TurnStatus.COMPLETE
    assert not app.chat_input[0].disabled


def test_a_conversation_opens_by_its_address(run_app: RunApp) -> None:
    first = ask(run_app(), HOTEL)
    conversation_id = first.query_params["conversation"]
    again = run_app(conversation=conversation_id)
    assert "**145 euros** a night" in text_of(again)


def test_a_strange_conversation_is_not_found(run_app: RunApp) -> None:
    app = run_app(conversation="someone-elses")
    assert not app.exception
    assert "Reference" in app.warning[0].value


def test_an_empty_question_is_refused_in_a_sentence(run_app: RunApp) -> None:
    app = ask(run_app(), "\u200b")
    assert not app.exception
    assert app.error[0].value.startswith("There is no question yet")


def test_a_question_that_is_too_long_stays_in_the_composer(run_app: RunApp, services: Services) -> None:
    question = "word " * services.settings.question_max_characters
    app = ask(run_app(), question)
    assert not app.exception
    assert "at most 4,000" in app.error[0].value
    assert app.chat_input[0].proto.value == question
    assert "conversation" not in app.query_params


def test_what_is_not_in_the_documents_leads_on_to_the_search_and_the_upload(run_app: RunApp) -> None:
    app = ask(run_app(), "Which colour has the chairman's parrot?")
    links = {link.proto.label: link.proto.query_string for link in app.get("page_link")}
    assert "chairman" in links["See what the search finds"]
    assert "Add a document" in links


def test_what_may_be_a_question_or_a_request_is_asked_back_about(run_app: RunApp, services: Services) -> None:
    app = ask(run_app(), "ticket")
    assert "Is this a question, or is something to be done?" in text_of(app)
    assert "Not in the knowledge base" not in text_of(app)
    labels = [button.label for button in app.button]
    assert "Look it up in the documents" in labels
    app.button[labels.index("Take it as a request")].click().run()
    assert not app.exception
    *_, turn = services.chat.turns(services.people.local(), app.query_params["conversation"])
    assert turn.plan is not None
    assert (turn.plan.route, turn.route_by_person) == (Route.ACTION, True)


def test_a_clicked_source_opens_at_its_place(run_app: RunApp) -> None:
    app = ask(run_app(), "How do I give a guest access to the wireless network?")
    chip = next(button for button in app.button if button.label.startswith("1 · Guest Wireless.md"))
    chip.click().run()
    assert not app.exception
    assert "orange-background[" in text_of(app)


def test_a_new_chat_leaves_the_address_and_keeps_the_conversation_listed(run_app: RunApp) -> None:
    app = ask(run_app(), HOTEL)
    next(button for button in app.button if button.label == "New chat").click().run()
    assert "conversation" not in app.query_params
    assert any(button.label.startswith("How much may a hotel") for button in app.sidebar.button)


def test_only_the_newest_messages_are_drawn_until_more_are_wanted(run_app: RunApp, services: Services) -> None:
    person = services.people.local()
    running = services.chat.ask(person, None, "hello number 0")
    running.result(30)
    for number in range(1, 12):
        services.chat.ask(person, running.conversation_id, f"hello number {number}").result(30)
    app = run_app(conversation=running.conversation_id)
    assert "hello number 11" in text_of(app)
    assert "hello number 1\n" not in text_of(app)
    next(button for button in app.button if button.label == "Show earlier messages").click().run()
    assert "hello number 0" in text_of(app)


def test_turns_asked_in_this_tab_stay_drawn(run_app: RunApp) -> None:
    app = run_app()
    for number in range(12):
        ask(app, f"hello number {number}")
    assert "hello number 0" in text_of(app)
    assert "hello number 11" in text_of(app)


def test_a_follow_up_shows_how_it_was_read_and_is_asked_again_in_the_persons_words(
    run_app: RunApp, services: Services
) -> None:
    app = ask(ask(run_app(), HOTEL), "and in Leeds?")
    assert "Read with what was said before:" in text_of(app)
    field = next(area for area in app.text_area if area.label == "Read the question as")
    assert str(field.value) in text_of(app)
    field.set_value("How do I give a guest access to the wireless network?")
    next(button for button in app.button if button.label == "Ask again").click().run()
    assert not app.exception
    conversation_id = app.query_params["conversation"]
    turn = services.chat.turns(services.people.local(), conversation_id)[-1]
    assert turn.plan is not None
    assert turn.plan.reworded
    assert turn.citations[0].document == "Guest Wireless.md"
    assert "Read as you put it:] How do I give a guest access" in text_of(run_app(conversation=conversation_id))


def test_a_reading_without_a_word_is_refused_in_a_sentence(run_app: RunApp) -> None:
    app = ask(ask(run_app(), HOTEL), "and in Leeds?")
    next(area for area in app.text_area if area.label == "Read the question as").set_value(" ")
    next(button for button in app.button if button.label == "Ask again").click().run()
    assert app.error[0].value.startswith("There is no question yet")


def test_a_question_that_stands_alone_shows_no_reading(run_app: RunApp) -> None:
    assert not ask(run_app(), HOTEL).text_area
