"""What is hidden from a profile and permitted to its role all the same, in SQL.

Actions stand for tools, and tools share them: an action that a visible tool needs proves nothing about a hidden one.
"""

from __future__ import annotations

from collections.abc import Iterable

from auditor.studio.tools import (
    HIDEABLE_APP_TYPES,
    ML_TOOLS,
    PARTNER_TOOLS,
    TOOL_ACTIONS,
    TOOLS_WITHOUT_ACTIONS,
    USED_ACTIONS,
)


def _list(values: Iterable[str]) -> str:
    return "[" + ", ".join(f"'{v}'" for v in values) + "]::VARCHAR[]"


#: Nobody can create an app of Studio Classic any more, whatever the role says.
_APPS = _list(t for t in HIDEABLE_APP_TYPES if t != "JupyterServer")
_ACTIONS = (
    "map {" + ", ".join(f"'{tool}': {_list(TOOL_ACTIONS[tool])}" for tool in ML_TOOLS if tool in TOOL_ACTIONS) + "}"
)
_USED = "map {" + ", ".join(f"'{tool}': {_list(USED_ACTIONS[tool])}" for tool in ML_TOOLS if tool in USED_ACTIONS) + "}"
_PARTNERS = _list(PARTNER_TOOLS.values())
#: Actions that a visible tool needs; a partner's tool is of no use where no app of it is in service.
_VISIBLE = (
    f"flatten(list_transform(list_filter({_list(t for t in ML_TOOLS if t in TOOL_ACTIONS)}, lambda v:"
    " not list_contains(u.hidden_ml_tools, v) and (not list_contains({partners}, v)"
    " or coalesce(list_contains(a.subscribed_partner_tools, v), false))), lambda v: {actions}[v]))"
).replace("{partners}", _PARTNERS).replace("{actions}", _USED)  # fmt: skip


def _apps(which: str) -> str:
    """Hidden app types of which the role's answer is in a list."""
    return f"list_filter(u.hidden_app_types, lambda t: list_contains({_APPS}, t) and list_contains({which}, t))"


def _tools(actions: str, which: str) -> str:
    """Hidden tools, partners' or AWS's own, with an action of their own that is in a list."""
    own = f"list_filter(coalesce({_ACTIONS}[t], []), lambda x: not list_contains({_VISIBLE}, x))"
    return f"list_filter(u.hidden_ml_tools, lambda t: list_has_any({own}, {actions}) and {which})"


_OWN, _PARTNERS_ONLY = f"not list_contains({_PARTNERS}, t)", f"list_contains({_PARTNERS}, t)"
_IN_SERVICE = f"{_PARTNERS_ONLY} and list_contains(a.subscribed_partner_tools, t)"
_CERTAIN = (
    f"coalesce({_apps('f.allowed_tools')}, []::VARCHAR[])"
    f" || coalesce({_tools('f.allowed_actions', _OWN)}, []::VARCHAR[])"
)
#: Hidden tools of which nobody knows the actions. A role that is gone may do nothing.
_WITHOUT = (
    f"list_filter(u.hidden_ml_tools, lambda t: list_contains({_list(TOOLS_WITHOUT_ACTIONS)}, t)"
    " and len(f.undecided_tools) > 0)"
)
_OPEN = f"len({_apps('f.undecided_tools')}) + len({_tools('f.undecided_actions', _OWN)}) + len({_WITHOUT})"
#: Over user_profile_resolved ``u``, permission_fact ``f`` and account_region ``a``. Without a role nothing is
#: permitted.
HIDDEN_BUT_PERMITTED = (
    "case when u.execution_role = '' or len(u.hidden_app_types) + len(u.hidden_ml_tools) = 0 then []::VARCHAR[]"
    f" when f.allowed_tools is null then null when len({_CERTAIN}) > 0 then {_CERTAIN}"
    f" when ({_OPEN}) = 0 then []::VARCHAR[] end"
)
#: The same of partners' tools. Where nobody knows which apps are in service, nobody knows whether they can be used; a
#: role that permits none of them settles it.
HIDDEN_PARTNER_TOOLS_PERMITTED = (
    f"case when u.execution_role = '' or len(list_filter(u.hidden_ml_tools, lambda t: {_PARTNERS_ONLY})) = 0"
    f" then []::VARCHAR[] when len({_tools('f.allowed_actions', _IN_SERVICE)}) > 0"
    f" then {_tools('f.allowed_actions', _IN_SERVICE)}"
    f" when len({_tools('f.allowed_actions || f.undecided_actions', _PARTNERS_ONLY)}) = 0 then []::VARCHAR[]"
    " when a.subscribed_partner_tools is not null"
    f" and len({_tools('f.undecided_actions', _IN_SERVICE)}) = 0 then []::VARCHAR[] end"
)
#: Over the same: hidden tools of which that cannot be told. [] as well where IAM was not asked about the role.
HIDDEN_UNDECIDED = (
    f"coalesce({_apps('f.undecided_tools')}, []::VARCHAR[])"
    f" || coalesce({_tools('f.undecided_actions', _OWN)}, []::VARCHAR[])"
    f" || coalesce({_tools('f.undecided_actions', _IN_SERVICE)}, []::VARCHAR[])"
    f" || coalesce({_WITHOUT}, []::VARCHAR[]) || case when f.allowed_tools is not null and a.subscribed_partner_tools"
    f" is null then coalesce(list_filter(u.hidden_ml_tools, lambda t: list_contains({_PARTNERS}, t)), []::VARCHAR[])"
    " else []::VARCHAR[] end"
)
