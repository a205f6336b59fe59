"""Rows of the chat, of models, limits and usage."""

from __future__ import annotations

from rights_of_knowledge import ASKED
from rights_table import TOLD, Rows, Unasked, admins, everyone, lists, owns

from assistant.domain import Route
from assistant.limits.rules import LimitRules
from assistant.models.policy import ModelPolicy

CHAT: Rows = {
    "start": Unasked("takes up what an earlier process left"),
    "warm": Unasked("loads models"),
    "close": Unasked("ends what runs"),
    "ask": lists(lambda w, p: w.services.chat.ask(p, None, ASKED).result(60)),
    "retry": owns(lambda w, p: w.services.chat.retry(p, w.turn).result(60), TOLD),
    "reword": owns(lambda w, p: w.services.chat.reword(p, w.turn, ASKED).result(60), TOLD),
    "correct_route": owns(lambda w, p: w.services.chat.correct_route(p, w.turn, Route.GENERAL).result(60), TOLD),
    "decide": owns(lambda w, p: w.services.chat.decide(p, w.turn, ()), "DecisionRefused"),
    "following": owns(lambda w, p: w.services.chat.following(p, w.turn)),
    "stop": owns(lambda w, p: w.services.chat.stop(p, w.turn)),
    "turn": owns(lambda w, p: w.services.chat.turn(p, w.turn), TOLD),
    "turns": owns(lambda w, p: w.services.chat.turns(p, w.conversation), TOLD),
    "conversation": owns(lambda w, p: w.services.chat.conversation(p, w.conversation), TOLD),
    "conversations": everyone(lambda w, p: len(w.services.chat.conversations(p))),
    "rename": owns(lambda w, p: w.services.chat.rename(p, w.conversation, "Zeppelins"), TOLD),
    "delete": owns(lambda w, p: w.services.chat.delete(p, w.conversation)),
    "restore": owns(lambda w, p: w.services.chat.restore(p, w.conversation), TOLD),
    "clear": owns(lambda w, p: w.services.chat.clear(p, w.conversation)),
    "suggestions": lists(lambda w, p: w.services.chat.suggestions(p)),
}

TURNS = "for a turn that was admitted for somebody"
MODELS: Rows = {
    "policy": admins(lambda w, p: w.services.models.policy(p)),
    "set_policy": admins(lambda w, p: w.services.models.set_policy(p, ModelPolicy())),
    "notices": everyone(lambda w, p: w.services.models.notices(p)),
    "offer": everyone(lambda w, p: bool(w.services.models.offer(p))),
    "overview": admins(lambda w, p: len(w.services.models.overview(p))),
    "start_check": admins(lambda w, p: w.services.models.start_check(p, "offline").result(30)),
    **{
        name: Unasked(TURNS)
        for name in ("cheaper", "check_still_allowed", "cost_limit", "fallbacks", "resolve", "successor", "unsupported")
    },
    "states": Unasked("which providers there are, for the doctor"),
    "warm_default": Unasked("loads a library"),
}

LIMITS: Rows = {
    "rules": admins(lambda w, p: w.services.limits.rules(p)),
    "set_rules": admins(lambda w, p: w.services.limits.set_rules(p, LimitRules())),
    "groups": admins(lambda w, p: len(w.services.limits.groups(p))),
    "notices": admins(lambda w, p: w.services.limits.notices(p)),
    "overview": admins(lambda w, p: len(w.services.limits.overview(p))),
    "standing": everyone(lambda w, p: w.services.limits.standing(p)),
    "warning": everyone(lambda w, p: w.services.limits.warning(p)),
}

USAGE: Rows = {
    "summary": everyone(lambda w, p: len(w.services.usage.summary(p, None))),
    "of_conversation": everyone(lambda w, p: w.services.usage.of_conversation(p, w.conversation)),
    "export": admins(lambda w, p: len(w.services.usage.export(p, None))),
}

ROWS = {"ChatService": CHAT, "ModelService": MODELS, "LimitService": LIMITS, "UsageService": USAGE}
