"""The commands of rights: ``users``, ``groups`` and ``spaces``. They act as the local operator, who is an admin."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli import output
from assistant.cli.program import AsJson, app, opened_services
from assistant.domain import Role
from assistant.errors import NotFound, WrongUse

if TYPE_CHECKING:
    from assistant.access import Account, Group, GroupUse, SpaceAccess
    from assistant.bootstrap import Services
    from assistant.people.links import OneTimeLink

LISTED = 1_000_000
"""As many people as a list may show; more than a company has."""

users = typer.Typer(help="Who may use the assistant, and as what.", no_args_is_help=True)
groups = typer.Typer(help="Sets of people that spaces are opened to.", no_args_is_help=True)
spaces = typer.Typer(help="Sets of documents, and who may read them.", no_args_is_help=True)
app.add_typer(users, name="users")
app.add_typer(groups, name="groups")
app.add_typer(spaces, name="spaces")

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's mail address.")]
GroupNames = Annotated[
    list[str] | None, typer.Option("--group", metavar="G", help="A group; may be given several times.")
]
SpaceName = Annotated[str, typer.Argument(metavar="NAME", help="Name or id of the space.")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Take the first line of the standard input as the password.")
]


@users.command("add")
def add_user(
    email: Email,
    role: Annotated[Role, typer.Option(help="What they may do.")],
    name: Annotated[str, typer.Option(help="Their name; without, the address stands for it.")] = "",
    group: GroupNames = None,
    password_stdin: PasswordStdin = False,
    as_json: AsJson = False,
) -> None:
    """Add a person; groups that are not there are made."""
    password = _password() if password_stdin else None
    with opened_services() as services:
        account = services.accounts.add(
            services.people.local(),
            email,
            role,
            name=name,
            groups=group or (),
            password=password,
            make_groups=True,
        )
        _show_accounts([account], as_json=as_json, alone=True)


@users.command("list")
def list_users(
    words: Annotated[str, typer.Argument(help="Only people with these words in name or address.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the people."""
    from assistant.access import AccountQuery

    with opened_services() as services:
        found = services.accounts.page(services.people.local(), AccountQuery(words, limit=LISTED))
        _show_accounts(found.accounts, as_json=as_json)


@users.command("invite")
def invite_user(email: Email, as_json: AsJson = False) -> None:
    """Print a link by which a person sets their first password. It works once; sending it is yours."""
    with opened_services() as services:
        link = services.accounts.invite(services.people.local(), _id_of(services, email))
        _show_link(services, email, link, as_json=as_json)


@users.command("reset")
def reset_user(email: Email, password_stdin: PasswordStdin = False, as_json: AsJson = False) -> None:
    """Print a link by which a person sets a new password, or set it from the standard input."""
    password = _password() if password_stdin else None
    with opened_services() as services:
        local, account_id = services.people.local(), _id_of(services, email)
        if password is None:
            _show_link(services, email, services.accounts.reset(local, account_id), as_json=as_json)
            return
        services.accounts.set_password(local, account_id, password)
        _show_accounts([services.accounts.account(local, account_id)], as_json=as_json, alone=True)


@users.command("disable")
def disable_user(email: Email, as_json: AsJson = False) -> None:
    """Let a person act no more; their sessions and tokens end at once."""
    with opened_services() as services:
        account = services.accounts.disable(services.people.local(), _id_of(services, email))
        _show_accounts([account], as_json=as_json, alone=True)


@users.command("enable")
def enable_user(email: Email, as_json: AsJson = False) -> None:
    """Let a person sign in again."""
    with opened_services() as services:
        account = services.accounts.enable(services.people.local(), _id_of(services, email))
        _show_accounts([account], as_json=as_json, alone=True)


@users.command("role")
def set_role(
    email: Email, role: Annotated[Role, typer.Argument(help="What they may do.")], as_json: AsJson = False
) -> None:
    """Give a person another role; it holds at once."""
    with opened_services() as services:
        account = services.accounts.set_role(services.people.local(), _id_of(services, email), role)
        _show_accounts([account], as_json=as_json, alone=True)


@users.command("groups")
def set_groups(email: Email, group: GroupNames = None, as_json: AsJson = False) -> None:
    """Have a person be in these groups and no others; groups that are not there are made."""
    with opened_services() as services:
        local, account_id = services.people.local(), _id_of(services, email)
        account = services.accounts.set_groups(local, account_id, group or (), make_groups=True)
        _show_accounts([account], as_json=as_json, alone=True)


@users.command("sign-out")
def sign_out(email: Email, as_json: AsJson = False) -> None:
    """End all sessions of a person."""
    with opened_services() as services:
        ended = services.accounts.end_sessions(services.people.local(), _id_of(services, email))
    output.line({"email": email, "sessions": ended} if as_json else f"{email}: {ended} sessions ended")


@users.command("release")
def release(email: Email, as_json: AsJson = False) -> None:
    """Let who comes from the company's sign-in with this address have the account; its password goes."""
    with opened_services() as services:
        services.external.release(services.people.local(), email)
    output.line({"email": email} if as_json else f"{email} is for whoever comes with this address next")


@groups.command("list")
def list_groups(as_json: AsJson = False) -> None:
    """List the groups."""
    with opened_services() as services:
        found = services.accounts.groups.all(services.people.local())
    if as_json:
        output.line([_group_row(one) for one in found])
        return
    for one in found:
        output.line(f"{one.name}: {one.members} in it")


@groups.command("add")
def add_group(name: Annotated[str, typer.Argument(help="Its name.")], as_json: AsJson = False) -> None:
    """Add a group."""
    with opened_services() as services:
        added = services.accounts.groups.add(services.people.local(), name)
    output.line(_group_row(added) if as_json else f"{added.name}: added")


@groups.command("delete")
def delete_group(name: Annotated[str, typer.Argument(help="Its name.")], as_json: AsJson = False) -> None:
    """Delete a group. Spaces that are open to it stay restricted, to the others or to admins alone."""
    with opened_services() as services:
        use = services.accounts.groups.delete(services.people.local(), name)
    output.line(_deleted_row(use) if as_json else f"{use.group.name}: deleted{_closed(use)}")


@spaces.command("add")
def add_space(
    name: Annotated[str, typer.Argument(help="Its name.")], group: GroupNames = None, as_json: AsJson = False
) -> None:
    """Add a space for these groups, or for everyone; groups that are not there are made."""
    with opened_services() as services:
        local = services.people.local()
        space = services.accounts.spaces.add(local, name, group or None, make_groups=True)
        _show_spaces([space], as_json=as_json, alone=True)


@spaces.command("list")
def list_spaces(as_json: AsJson = False) -> None:
    """List the spaces and who may read each."""
    with opened_services() as services:
        _show_spaces(services.accounts.spaces.all(services.people.local()), as_json=as_json)


@spaces.command("open")
def open_space(name: SpaceName, as_json: AsJson = False) -> None:
    """Let everyone read a space."""
    with opened_services() as services:
        space = services.accounts.spaces.set_readers(services.people.local(), name, None)
        _show_spaces([space], as_json=as_json, alone=True)


@spaces.command("restrict")
def restrict_space(name: SpaceName, group: GroupNames = None, as_json: AsJson = False) -> None:
    """Let only these groups read a space; without any, admins alone."""
    with opened_services() as services:
        local = services.people.local()
        space = services.accounts.spaces.set_readers(local, name, group or [], make_groups=True)
        _show_spaces([space], as_json=as_json, alone=True)


@spaces.command("rename")
def rename_space(
    name: SpaceName, new: Annotated[str, typer.Argument(help="Its new name.")], as_json: AsJson = False
) -> None:
    """Give a space another name."""
    with opened_services() as services:
        space = services.accounts.spaces.rename(services.people.local(), name, new)
        _show_spaces([space], as_json=as_json, alone=True)


@spaces.command("delete")
def delete_space(name: SpaceName, as_json: AsJson = False) -> None:
    """Delete an empty space."""
    with opened_services(own_index=True) as services:
        services.accounts.spaces.delete(services.people.local(), name)
    output.line({"name": name, "status": "deleted"} if as_json else f"{name}: deleted")


def _id_of(services: Services, email: str) -> str:
    person = services.people.by_email(email)
    if person is None:
        raise NotFound(f"There is no person with the address {email!r}.")
    return person.id


def _password() -> str:
    """The first line of the standard input: what stands in arguments, every process of the machine can read."""
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise WrongUse("There is no password on the standard input.")
    return password


def _show_accounts(accounts: Sequence[Account], *, as_json: bool, alone: bool = False) -> None:
    if as_json:
        rows = [_account_row(account) for account in accounts]
        output.line(rows[0] if alone else rows)
        return
    for account in accounts:
        member = f", in {', '.join(account.groups)}" if account.groups else ""
        disabled = " (disabled)" if account.disabled_at else ""
        output.line(f"{account.person.email}  {account.person.role}  {account.person.name}{member}{disabled}")


def _account_row(account: Account) -> dict[str, object]:
    return {
        "id": account.person.id,
        "email": account.person.email,
        "name": account.person.name,
        "role": str(account.person.role),
        "groups": list(account.groups),
        "disabled": account.disabled_at is not None,
        "created_at": account.created_at.isoformat(),
        "seen_at": account.seen_at.isoformat() if account.seen_at else None,
        "sign_in": list(account.sign_in),
    }


def _show_link(services: Services, email: str, link: OneTimeLink, *, as_json: bool) -> None:
    address = (services.settings.public_url or "").rstrip("/")
    if as_json:
        row = {"email": email, "link": address + link.path, "expires_at": link.expires_at.isoformat()}
        output.line(row)
        return
    output.line(f"{address}{link.path}")
    where = "" if address else "Put the address of the app before it. "
    output.line(f"{where}It works once, until {link.expires_at:%Y-%m-%d %H:%M} UTC; it is not shown again.")


def _group_row(group: Group) -> dict[str, object]:
    return {"id": group.id, "name": group.name, "members": group.members}


def _deleted_row(use: GroupUse) -> dict[str, object]:
    closed = {"spaces": list(use.spaces), "for_admins_alone": list(use.only), "documents": use.documents}
    return {**_group_row(use.group), "status": "deleted", **closed}


def _closed(use: GroupUse) -> str:
    return f"; for admins alone now: {', '.join(use.only)}" if use.only else ""


def _show_spaces(found: Sequence[SpaceAccess], *, as_json: bool, alone: bool = False) -> None:
    if as_json:
        rows = [_space_row(space) for space in found]
        output.line(rows[0] if alone else rows)
        return
    for space in found:
        readers = ", ".join(space.groups) or "admins alone"
        output.line(f"{space.name}: {space.documents} documents, for {readers if space.restricted else 'everyone'}")


def _space_row(space: SpaceAccess) -> dict[str, object]:
    return {
        "id": space.id,
        "name": space.name,
        "restricted": space.restricted,
        "groups": list(space.groups),
        "documents": space.documents,
    }
