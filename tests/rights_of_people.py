"""Rows of people: accounts, groups, spaces, signing in, tokens, the audit log, branding, what is shared."""

from __future__ import annotations

from rights_table import NOT_FOUND, TOLD, Row, Rows, Unasked, admins, everyone, owns

from assistant.access import EVERYONE, AccountQuery, AuditQuery, Scope
from assistant.domain import Role
from assistant.people.branding import Branding
from assistant.people.links_allowed import Allowed

GATE = "for the gate, before there is a person"
NEW = "new@example.com"
PASSWORD = "a long word for zebras 42"

ACCOUNTS: Rows = {
    "rights_changed": Unasked("tells the watch over the rights to look"),
    "page": admins(lambda w, p: w.services.accounts.page(p, AccountQuery()), TOLD),
    "account": admins(lambda w, p: w.services.accounts.account(p, w.account), TOLD),
    "add": admins(lambda w, p: w.services.accounts.add(p, NEW, Role.STAFF)),
    "invite": admins(lambda w, p: bool(w.services.accounts.invite(p, w.account))),
    "reset": admins(lambda w, p: bool(w.services.accounts.reset(p, w.account))),
    "set_password": admins(lambda w, p: w.services.accounts.set_password(p, w.account, PASSWORD)),
    "rename": admins(lambda w, p: bool(w.services.accounts.rename(p, w.account, "New"))),
    "set_role": admins(lambda w, p: bool(w.services.accounts.set_role(p, w.account, Role.KB_ADMIN))),
    "set_groups": admins(lambda w, p: bool(w.services.accounts.set_groups(p, w.account, ()))),
    "disable": admins(lambda w, p: bool(w.services.accounts.disable(p, w.account))),
    "enable": admins(lambda w, p: bool(w.services.accounts.enable(p, w.account))),
    "end_sessions": admins(lambda w, p: w.services.accounts.end_sessions(p, w.account)),
}

GROUPS: Rows = {
    "all": admins(lambda w, p: w.services.accounts.groups.all(p), TOLD),
    "use": admins(lambda w, p: bool(w.services.accounts.groups.use(p, w.group))),
    "add": admins(lambda w, p: w.services.accounts.groups.add(p, "Another")),
    "rename": admins(lambda w, p: w.services.accounts.groups.rename(p, w.group, "Another"), TOLD),
    "delete": admins(lambda w, p: bool(w.services.accounts.groups.delete(p, w.group))),
    "add_member": admins(lambda w, p: w.services.accounts.groups.add_member(p, w.group, w.account)),
    "remove_member": admins(lambda w, p: w.services.accounts.groups.remove_member(p, w.group, w.account)),
}

SPACES: Rows = {
    "all": admins(lambda w, p: w.services.accounts.spaces.all(p), TOLD),
    "one": admins(lambda w, p: w.services.accounts.spaces.one(p, w.space), TOLD),
    "open_to": admins(lambda w, p: w.services.accounts.spaces.open_to(p, [w.group]), TOLD),
    "people_in": admins(lambda w, p: w.services.accounts.spaces.people_in(p, [w.group])),
    "add": admins(lambda w, p: w.services.accounts.spaces.add(p, "Another", None)),
    "rename": admins(lambda w, p: bool(w.services.accounts.spaces.rename(p, w.space, "Another"))),
    "set_readers": admins(lambda w, p: bool(w.services.accounts.spaces.set_readers(p, w.space, None))),
    "delete": admins(lambda w, p: w.services.accounts.spaces.delete(p, w.space, patience=0.0), "Conflict"),
}

AUDIT: Rows = {
    "entries": admins(lambda w, p: len(w.services.audit.entries(p, AuditQuery()))),
    "actions": admins(lambda w, p: w.services.audit.actions(p)),
    "verify": admins(lambda w, p: bool(w.services.audit.verify(p))),
    "export": admins(lambda w, p: len(w.services.audit.export(p, AuditQuery()))),
}

BRANDING: Rows = {
    "shown": Unasked("stands on the sign-in page"),
    "logo": Unasked("stands on the sign-in page"),
    "set": admins(lambda w, p: w.services.branding.set(p, Branding())),
    "set_logo": admins(lambda w, p: w.services.branding.set_logo(p, None)),
}

TOKENS: Rows = {
    "create": everyone(lambda w, p: bool(w.services.tokens.create(p, "Mine", [Scope.READ], 7))),
    "of": everyone(lambda w, p: w.services.tokens.of(p)),
    "revoke": Row(
        lambda w, p: w.services.tokens.revoke(p, "somebody-elses"),
        dict.fromkeys(("staff", "member", "editor", "group_editor", "admin"), NOT_FOUND),
    ),
    "person_for": Unasked(GATE),
}

LINKS_ALLOWED: Rows = {
    "allowed": Unasked("what admins set, which every answer goes by"),
    "set": admins(lambda w, p: w.services.links_allowed.set(p, Allowed(("example.com",)))),
}

VIEW_AS: Rows = {
    "view": admins(lambda w, p: w.services.view_as.view(p, "member@example.com", "zeppelin"), TOLD),
}

SHARING: Rows = {
    "share": owns(lambda w, p: w.services.chat.sharing.share(p, w.conversation, EVERYONE)),
    "unshare": owns(lambda w, p: w.services.chat.sharing.unshare(p, w.conversation, EVERYONE)),
    "shares": owns(lambda w, p: w.services.chat.sharing.shares(p, w.conversation)),
    "groups": everyone(lambda w, p: len(w.services.chat.sharing.groups(p))),
    "shared_with": everyone(lambda w, p: w.services.chat.sharing.shared_with(p)),
    "conversation": owns(lambda w, p: w.services.chat.sharing.conversation(p, w.conversation), NOT_FOUND),
    "turns": owns(lambda w, p: w.services.chat.sharing.turns(p, w.conversation), NOT_FOUND),
    "turn": owns(lambda w, p: w.services.chat.sharing.turn(p, w.turn), NOT_FOUND),
}

ROWS = {
    "AccountService": ACCOUNTS,
    "Groups": GROUPS,
    "Spaces": SPACES,
    "AuditService": AUDIT,
    "BrandingService": BRANDING,
    "TokenService": TOKENS,
    "LinksAllowed": LINKS_ALLOWED,
    "ViewAs": VIEW_AS,
    "Sharing": SHARING,
}
