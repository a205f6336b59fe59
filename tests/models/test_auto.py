"""Auto's rule: order, allow-list, route and lifecycle decide, and the written sentences say what it comes to."""

from __future__ import annotations

from datetime import date

from assistant.domain import Route
from assistant.models import auto
from assistant.models.policy import ModelPolicy
from assistant.providers.catalogue import ModelInfo, ProviderState

TODAY = date(2026, 11, 20)
FAST, DEEP = ModelInfo("fast", "Fast One"), ModelInfo("deep", "Deep One")
OLD = ModelInfo("old", "Old One", retires=date(2026, 1, 1), successor="deep")


def state(
    name: str, *models: ModelInfo, configured: bool = True, private: bool = False, quick: str | None = "fast"
) -> ProviderState:
    return ProviderState(
        name, name.title(), configured, models, private=private, quick=quick, thorough="deep" if quick else None
    )


OFFLINE = ProviderState(
    "offline", "Offline", True, (ModelInfo("quotes", "Quotes"),), private=True, quick="quotes", thorough="quotes"
)
CLOUD, HOUSE = state("cloud", FAST, DEEP), state("house", FAST, DEEP, private=True)
ALL = (OFFLINE, CLOUD, HOUSE)
NONE = ModelPolicy()


def names(*states: ProviderState, policy: ModelPolicy = NONE) -> list[str]:
    return [found.id for found in auto.order(states, policy)]


def test_private_providers_come_first_and_offline_last() -> None:
    assert names(*ALL) == ["house", "cloud", "offline"]


def test_an_order_of_the_admins_holds_and_ends_with_offline() -> None:
    assert names(*ALL, policy=ModelPolicy(auto_order=("cloud", "gone"))) == ["cloud", "offline"]
    assert names(*ALL, policy=ModelPolicy(auto_order=("offline", "cloud"))) == ["offline", "cloud"]


def test_fact_finding_goes_to_the_thorough_model_and_all_else_to_the_quick_one() -> None:
    found = auto.taken(ALL, NONE, TODAY)
    assert found is not None
    chosen = {route: auto.choose(found, route) for route in (None, *Route)}
    assert {choice.provider for choice in chosen.values()} == {"house"}
    assert all(choice.auto for choice in chosen.values())
    assert [route for route, choice in chosen.items() if choice.model == "deep"] == [Route.FACT_FINDING]


def test_what_is_not_set_up_is_passed_over() -> None:
    found = auto.taken((OFFLINE, CLOUD, state("house", FAST, configured=False, private=True)), NONE, TODAY)
    assert found is not None
    assert found.state.id == "cloud"


def test_the_allow_list_holds_for_auto() -> None:
    found = auto.taken(ALL, ModelPolicy(allowed=("cloud/deep",)), TODAY)
    assert found == auto.Taken(CLOUD, "deep", "deep")
    assert auto.taken((CLOUD,), ModelPolicy(allowed=("offline",)), TODAY) is None


def test_a_retired_model_gives_way_to_its_successor() -> None:
    found = auto.taken((state("cloud", FAST, DEEP, OLD, quick="old"),), NONE, TODAY)
    assert found is not None
    assert found.quick == "deep"


def test_a_provider_of_which_no_model_is_known_is_passed_over() -> None:
    found = auto.taken((OFFLINE, state("house", private=True, quick=None)), NONE, TODAY)
    assert found is not None
    assert found.state.id == "offline"


def test_the_rule_names_the_providers_and_models_it_comes_to() -> None:
    rule = auto.rule(ALL, NONE, TODAY)
    assert "House, then Cloud, then Offline" in rule
    assert "Fast One" in rule
    assert "Deep One" in rule
    assert auto.rule((OFFLINE,), NONE, TODAY).endswith("Every question goes to Quotes.")
    assert auto.rule((CLOUD,), ModelPolicy(allowed=("offline",)), TODAY).startswith("Auto finds no provider")
