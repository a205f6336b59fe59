"""Which model answers: default, lock, allow-list, Auto, fallbacks and successors, by what admins set."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from models_serving import KB_ADMIN, STAFF, Serve
from sqlalchemy import text

from assistant import settings as settings_module
from assistant.domain import AUTO, ModelChoice, Parameters, Person, Route
from assistant.errors import NotAllowed, ProviderUnavailable, SettingsError
from assistant.models.policy import COST_LIMIT, ModelPolicy
from assistant.models.service import ModelService
from assistant.providers import catalogue, model_lists
from assistant.providers.catalogue import ModelInfo
from assistant.storage.database import Database
from assistant.storage.people import LOCAL

QUOTES = ModelChoice("offline", "quotes")
FAST = ModelChoice("groq", "openai/gpt-oss-20b")


def test_without_any_setting_offline_answers(serve: Serve) -> None:
    assert serve().resolve(None) == QUOTES


def test_the_settings_give_the_default(serve: Serve) -> None:
    service = serve("GROQ_API_KEY", default_provider="groq", default_model="openai/gpt-oss-120b")
    assert service.resolve(None) == ModelChoice("groq", "openai/gpt-oss-120b")


def test_auto_may_be_the_default_of_the_settings(serve: Serve) -> None:
    service = serve("GROQ_API_KEY", default_provider="auto")
    assert service.notices(LOCAL) == []
    assert service.resolve(None) == replace(FAST, auto=True)
    assert service.resolve(None, Route.FACT_FINDING).model == "openai/gpt-oss-120b"


def test_an_unknown_default_of_the_settings_is_told_and_the_app_goes_on_offline(serve: Serve) -> None:
    service = serve(default_provider="grok")
    (notice,) = service.notices(LOCAL)
    assert "ASSISTANT_DEFAULT_PROVIDER" in notice
    assert "'grok'" in notice
    assert service.resolve(None) == QUOTES


def test_a_default_that_is_not_set_up_is_told_with_what_is_missing(serve: Serve) -> None:
    (notice,) = serve(default_provider="groq").notices(LOCAL)
    assert "GROQ_API_KEY" in notice


def test_notices_are_for_admins(serve: Serve) -> None:
    assert serve(default_provider="grok").notices(STAFF) == []


def test_a_policy_comes_before_the_settings(serve: Serve) -> None:
    service = serve(default_provider="openai")
    service.set_policy(LOCAL, ModelPolicy(default=FAST))
    assert service.resolve(None) == FAST
    assert service.offer(STAFF).default == FAST


@pytest.mark.parametrize("person", [STAFF, KB_ADMIN])
def test_only_admins_see_and_set_the_policy(serve: Serve, person: Person) -> None:
    service = serve()
    for act in (
        lambda: service.policy(person),
        lambda: service.set_policy(person, ModelPolicy()),
        lambda: service.start_check(person, "groq"),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_of_two_admins_at_once_one_wins_and_the_other_is_told(serve: Serve, database: Database, tmp_path: Path) -> None:
    first, second = serve(), ModelService(database, settings_module.load(data_dir=tmp_path))
    seen = first.policy(LOCAL)
    assert first.set_policy(LOCAL, replace(seen, cost_limit=Decimal(1))).revision == 1
    with pytest.raises(SettingsError, match="Someone else"):
        second.set_policy(LOCAL, replace(seen, cost_limit=Decimal(2)))
    assert second.cost_limit() == Decimal(1)
    changed = second.set_policy(LOCAL, replace(second.policy(LOCAL), cost_limit=None))
    assert (changed.revision, first.cost_limit()) == (2, None)
    with pytest.raises(SettingsError, match="Someone else"):
        first.set_policy(LOCAL, replace(seen, revision=1))


def test_a_wrong_policy_is_refused_and_nothing_is_stored(serve: Serve) -> None:
    service = serve()
    with pytest.raises(SettingsError, match="cost limit"):
        service.set_policy(LOCAL, ModelPolicy(cost_limit=Decimal(-1)))
    assert service.policy(LOCAL) == ModelPolicy(cost_limit=COST_LIMIT)


def test_a_stored_policy_that_names_what_is_gone_breaks_nothing(serve: Serve, database: Database) -> None:
    service = serve()
    service.set_policy(LOCAL, ModelPolicy(default=FAST))
    with database.write() as session:
        session.execute(
            text("""UPDATE preferences SET value = '{"default": {"provider": "gone"}, "cost_limit": "x"}'""")
        )
    assert service.resolve(None) == QUOTES
    assert service.cost_limit() == COST_LIMIT
    assert len(service.notices(LOCAL)) == 2
    assert service.policy(LOCAL).revision == 1


@pytest.mark.parametrize("value", ["{broken", "[1, 2]", "7", "null", '"text"'])
def test_with_stored_rules_that_cannot_be_read_nothing_leaves_the_house(
    serve: Serve, database: Database, value: str
) -> None:
    service = serve("GROQ_API_KEY")
    service.set_policy(LOCAL, ModelPolicy(cost_limit=Decimal(9)))
    with database.write() as session:
        session.execute(text("UPDATE preferences SET value = :value"), {"value": value})
    assert service.resolve(None) == QUOTES
    assert service.cost_limit() == COST_LIMIT
    with pytest.raises(ProviderUnavailable, match="has not allowed it"):
        service.resolve(FAST)
    assert service.notices(LOCAL) == [
        "The stored rules cannot be read: only Offline is allowed until they are saved again."
    ]
    assert service.set_policy(LOCAL, service.policy(LOCAL)).revision == 2


def test_of_many_admins_at_the_same_moment_exactly_one_wins(serve: Serve) -> None:
    service, together = serve(), threading.Barrier(8)

    def change(dollars: int) -> str:
        together.wait()
        try:
            service.set_policy(LOCAL, ModelPolicy(cost_limit=Decimal(dollars)))
        except SettingsError as error:
            return error.message
        return "saved"

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(change, range(1, 9)))
    assert said.count("saved") == 1
    assert service.cost_limit() == Decimal(said.index("saved") + 1)


def test_a_locked_default_answers_whatever_was_chosen(serve: Serve) -> None:
    service = serve("GROQ_API_KEY")
    service.set_policy(LOCAL, ModelPolicy(default=FAST, locked=True))
    chosen = ModelChoice("openai", "gpt-6-luna", Parameters(temperature=0.2))
    assert service.resolve(chosen) == replace(FAST, parameters=Parameters(temperature=0.2))
    assert service.offer(STAFF).locked


def test_what_is_not_allowed_is_refused_in_a_sentence(serve: Serve) -> None:
    service = serve("GROQ_API_KEY")
    service.set_policy(LOCAL, ModelPolicy(allowed=("offline", "groq/openai/gpt-oss-20b")))
    assert service.resolve(FAST) == FAST
    assert service.resolve(ModelChoice("groq")) == FAST
    for choice in (ModelChoice("groq", "openai/gpt-oss-120b"), ModelChoice("openai"), ModelChoice("nowhere", "m")):
        with pytest.raises(ProviderUnavailable, match="not allowed"):
            service.resolve(choice)


def test_a_default_that_is_not_allowed_gives_way_to_auto_and_is_told(serve: Serve) -> None:
    service = serve("GROQ_API_KEY")
    service.set_policy(LOCAL, ModelPolicy(allowed=("groq",)))
    assert service.resolve(None) == replace(FAST, auto=True)
    assert "not among the allowed" in service.notices(LOCAL)[0]


def test_a_model_that_only_the_allow_list_names_is_taken(serve: Serve) -> None:
    service = serve("OLLAMA_BASE_URL=http://127.0.0.1:9")
    service.set_policy(LOCAL, ModelPolicy(allowed=("ollama/our-own:7b",)))
    assert service.resolve(ModelChoice("ollama")) == ModelChoice("ollama", "our-own:7b")
    assert service.resolve(None).provider == "ollama"


def test_any_id_is_taken_where_nothing_forbids_it(serve: Serve) -> None:
    choice = ModelChoice("groq", "brand-new/model")
    assert serve().resolve(choice) == choice


def test_an_unknown_provider_is_left_to_the_builder_to_refuse(serve: Serve) -> None:
    assert serve().resolve(ModelChoice("nowhere", "m")) == ModelChoice("nowhere", "m")


def test_parameters_left_open_are_the_admins(serve: Serve) -> None:
    service = serve()
    service.set_policy(LOCAL, ModelPolicy(parameters=Parameters("low", 0.3, None, 900)))
    assert service.resolve(None).parameters == Parameters("low", 0.3, None, 900)
    chosen = ModelChoice("offline", "quotes", Parameters(temperature=0.0, top_p=0.5))
    assert service.resolve(chosen).parameters == Parameters("low", 0.0, 0.5, 900)


def test_parameters_out_of_range_are_refused(serve: Serve) -> None:
    with pytest.raises(SettingsError, match="Temperature"):
        serve().resolve(ModelChoice("offline", None, Parameters(temperature=9)))


def test_auto_takes_what_is_set_up_and_says_so(serve: Serve) -> None:
    service = serve("GROQ_API_KEY", "OPENAI_API_KEY")
    service.set_policy(LOCAL, ModelPolicy(auto_order=("groq", "openai")))
    chosen = ModelChoice(AUTO, None, Parameters(effort="high"))
    assert service.resolve(chosen) == replace(FAST, auto=True, parameters=Parameters(effort="high"))
    assert "Groq, then OpenAI" in service.offer(STAFF).auto_rule


def test_auto_that_finds_nothing_is_told_in_a_sentence(serve: Serve) -> None:
    service = serve()
    service.set_policy(LOCAL, ModelPolicy(allowed=("groq",)))
    with pytest.raises(ProviderUnavailable, match="Auto finds no provider"):
        service.resolve(ModelChoice(AUTO))


def test_nothing_falls_back_unless_an_admin_set_it(serve: Serve) -> None:
    assert serve("GROQ_API_KEY", "OPENAI_API_KEY").fallbacks(FAST) == ()


def test_a_fallback_is_set_up_allowed_and_another_model(serve: Serve) -> None:
    service = serve("GROQ_API_KEY")
    wanted = (FAST, ModelChoice("openai"), ModelChoice("groq", "openai/gpt-oss-120b"), ModelChoice("offline"))
    service.set_policy(LOCAL, ModelPolicy(fallbacks=wanted))
    chosen = replace(FAST, parameters=Parameters(temperature=0.1))
    fallbacks = service.fallbacks(chosen)
    assert [(choice.provider, choice.model) for choice in fallbacks] == [
        ("groq", "openai/gpt-oss-120b"),
        ("offline", "quotes"),
    ]
    assert all(choice.parameters == chosen.parameters for choice in fallbacks)


@pytest.mark.parametrize("private", ["offline", "ollama", "nowhere"])
def test_nothing_falls_back_from_a_private_or_unknown_provider_to_a_public_one(serve: Serve, private: str) -> None:
    service = serve("GROQ_API_KEY", "OLLAMA_BASE_URL=http://127.0.0.1:9")
    service.set_policy(LOCAL, ModelPolicy(fallbacks=(FAST,)))
    assert service.fallbacks(ModelChoice(private, "some")) == ()
    assert service.fallbacks(ModelChoice("openai", "gpt-6-luna")) == (FAST,)


def retired_model() -> tuple[str, ModelInfo]:
    """A model of the catalogue that has a successor and an end, with its provider."""
    for row in catalogue.rows():
        for model in (*row.models, *row.retired):
            if model.retires and model.successor:
                return row.id, model
    pytest.fail("the catalogue holds no retired model")


def test_a_retired_model_names_its_end_and_what_to_take(serve: Serve) -> None:
    provider, model = retired_model()
    assert model.retires is not None
    service = serve(today=model.retires)
    found = service.successor(ModelChoice(provider, model.id, Parameters(temperature=0.4)))
    assert found is not None
    choice, sentence = found
    assert (choice.provider, choice.parameters) == (provider, Parameters(temperature=0.4))
    assert choice.model not in (None, model.id)
    assert str(model.retires.year) in sentence
    (offer,) = [offer for offer in service.offer(STAFF).providers if offer.state.id == provider]
    (shown,) = [entry for entry in offer.models if entry.info.id == model.id]
    assert not shown.choosable
    assert "instead" in shown.why_not


def keep_list(data_dir: Path, provider: str, model: str) -> None:
    """Let the provider's last list, of now, name this model alone."""
    settings = settings_module.load(data_dir=data_dir, samples=False, _env_file=None)
    model_lists.keep(catalogue.provider(provider), settings, [ModelInfo(model, model, discovered=True)])


def test_a_model_that_a_fresh_list_does_not_name_is_gone(serve: Serve, tmp_path: Path) -> None:
    service = serve("GROQ_API_KEY")
    renamed = ModelChoice("groq", "openai/gpt-oss-7b")
    assert service.successor(renamed) is None
    keep_list(tmp_path, "groq", "openai/gpt-oss-20b")
    found = service.successor(renamed)
    assert found is not None
    assert found[0] == FAST
    assert "does not name openai/gpt-oss-7b" in found[1]
    dropped = service.successor(ModelChoice("groq", "openai/gpt-oss-120b"))
    assert dropped is not None
    assert dropped[0] == FAST
    assert service.successor(FAST) is None


def test_a_list_that_leaves_out_variants_says_nothing_of_what_it_does_not_name(serve: Serve, tmp_path: Path) -> None:
    service = serve("OPENROUTER_API_KEY")
    keep_list(tmp_path, "openrouter", "some/model")
    assert service.successor(ModelChoice("openrouter", "some/model:free")) is None


def test_a_retired_model_of_a_region_is_known_by_the_model(serve: Serve) -> None:
    retired = next(model for model in catalogue.provider("aws-claude").retired if model.retires and model.successor)
    assert retired.retires is not None
    bare = retired.id.split(".", 1)[1] if retired.id.startswith(("us.", "eu.", "global.")) else retired.id
    found = serve(today=retired.retires).successor(ModelChoice("aws-claude", f"apac.{bare}"))
    assert found is not None
    assert found[0].model not in (None, f"apac.{bare}")


def test_a_default_that_has_retired_gives_way_to_its_successor_and_is_told(serve: Serve) -> None:
    provider, model = retired_model()
    key = catalogue.provider(provider).needs[0]
    service = serve(key, today=model.retires, default_provider=provider, default_model=model.id)
    assert service.resolve(None).model not in (None, model.id)
    assert "no longer there" in service.notices(LOCAL)[0]


def test_a_retired_model_is_neither_a_default_nor_a_fallback(serve: Serve) -> None:
    provider, model = retired_model()
    service = serve(today=model.retires)
    gone = ModelChoice(provider, model.id)
    for policy in (ModelPolicy(default=gone), ModelPolicy(fallbacks=(gone,))):
        with pytest.raises(SettingsError, match="retired"):
            service.set_policy(LOCAL, policy)


def test_a_conversation_with_an_unknown_provider_is_offered_the_default(serve: Serve) -> None:
    found = serve().successor(ModelChoice("gone", "m"))
    assert found is not None
    assert found[0].provider == "offline"
    assert "'gone'" in found[1]


@pytest.mark.parametrize(
    "choice", [QUOTES, FAST, ModelChoice("groq"), ModelChoice(AUTO), ModelChoice("groq", "newest")]
)
def test_what_still_answers_has_no_successor(serve: Serve, choice: ModelChoice) -> None:
    assert serve().successor(choice) is None


def test_the_offer_says_why_a_provider_cannot_be_chosen(serve: Serve) -> None:
    service = serve("GROQ_API_KEY")
    service.set_policy(LOCAL, ModelPolicy(allowed=("offline", "openai")))
    offers = {offer.state.id: offer for offer in service.offer(STAFF).providers}
    assert offers["offline"].choosable
    assert "OPENAI_API_KEY" in offers["openai"].why_not
    assert "not allowed" in offers["groq"].why_not
    assert not offers["openai"].choosable
    assert not offers["groq"].choosable


def test_a_check_without_a_key_names_what_is_missing(serve: Serve) -> None:
    assert "GROQ_API_KEY" in serve().connections.check("groq")
    assert serve().connections.check("offline") == "Offline needs no connection."
