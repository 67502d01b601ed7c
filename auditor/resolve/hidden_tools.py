"""What is hidden from a profile and permitted to its role all the same, in SQL.

Actions stand for tools, and tools share them: an action that a visible tool needs proves nothing about a hidden one.
Of lists of which one element is not known, those that are certain are hidden, and every other tool may be visible. So a
certain element that is permitted counts, and nothing is free of what is permitted before the lists are known.
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
#: Columns of user_profile_resolved ``u`` that the steps below read.
READ = (
    "u.execution_role, u.hidden_app_types, u.hidden_ml_tools, u.known_hidden_app_types, u.known_hidden_ml_tools,"
    " u.rstudio_licensed"
)
#: The four steps of ``user_profile.sql``, each over the columns of those before it, so that nothing stands there twice.
#: First, over user_profile_resolved ``u`` and account_region ``a``: actions that a tool needs which is visible, or may
#: be; a partner's tool is of no use where no app of it is in service. NULL where nobody asked what the role may do:
#: nothing is read then.
VISIBLE_ACTIONS = (
    "case when f.allowed_actions is not null or f.undecided_actions is not null then"
    f" flatten(list_transform(list_filter({_list(t for t in ML_TOOLS if t in TOOL_ACTIONS)}, lambda v:"
    f" not list_contains(u.known_hidden_ml_tools, v) and (not list_contains({_PARTNERS}, v)"
    f" or coalesce(list_contains(a.subscribed_partner_tools, v), false))), lambda v: {_USED}[v])) end"
)
#: Hidden tools with the actions that are theirs alone.
OWN_ACTIONS = (
    "case when visible_actions is not null then list_transform(known_hidden_ml_tools, lambda t: {'tool': t,"
    f" 'actions': list_filter(coalesce({_ACTIONS}[t], []), lambda x: not list_contains(visible_actions, x))}}) end"
)


def _reached(actions: str) -> str:
    """Hidden tools with an action of their own that is in a list."""
    return f"list_transform(list_filter(own_actions, lambda t: list_has_any(t.actions, {actions})), lambda t: t.tool)"


#: Hidden tools, partners' or AWS's own, by what the role's answer is, from the columns of permission_fact.
REACHED = (
    f"{_reached('allowed_actions')} as allowed_hidden, {_reached('undecided_actions')} as undecided_hidden,"
    f" {_reached('allowed_actions || undecided_actions')} as possible_hidden"
)


#: An app of RStudio runs only in a domain that has RStudio (SageMaker guide, "RStudio on Amazon SageMaker AI").
_RSTUDIO = "'RStudioServerPro'"


def _apps(which: str, licensed: str = "coalesce(rstudio_licensed, true)") -> str:
    """Hidden app types of which the role's answer is in a list; RStudio where ``licensed`` holds."""
    return (
        f"list_filter(known_hidden_app_types, lambda t: list_contains({_APPS}, t) and list_contains({which}, t)"
        f" and (t <> {_RSTUDIO} or {licensed}))"
    )


#: Permitted, and nobody knows whether the domain has RStudio.
_RSTUDIO_OPEN = (
    f"case when rstudio_licensed is null and list_contains(known_hidden_app_types, {_RSTUDIO})"
    f" and list_contains(allowed_tools, {_RSTUDIO}) then [{_RSTUDIO}]::VARCHAR[] else []::VARCHAR[] end"
)


def _only(tools: str, which: str) -> str:
    return f"list_filter({tools}, lambda t: {which})"


_OWN, _PARTNERS_ONLY = f"not list_contains({_PARTNERS}, t)", f"list_contains({_PARTNERS}, t)"
_IN_SERVICE = f"{_PARTNERS_ONLY} and list_contains(subscribed_partner_tools, t)"
_CERTAIN_APPS = _apps("allowed_tools", "coalesce(rstudio_licensed, false)")
_CERTAIN = f"coalesce({_CERTAIN_APPS}, []::VARCHAR[]) || coalesce({_only('allowed_hidden', _OWN)}, []::VARCHAR[])"
#: Hidden tools of which nobody knows the actions. A role that is gone may do nothing.
_WITHOUT = (
    f"list_filter(known_hidden_ml_tools, lambda t: list_contains({_list(TOOLS_WITHOUT_ACTIONS)}, t)"
    " and len(undecided_tools) > 0)"
)
_OPEN = (
    f"len({_RSTUDIO_OPEN}) + len({_apps('undecided_tools')}) + len({_only('undecided_hidden', _OWN)}) + len({_WITHOUT})"
)
#: Without a role nothing is permitted.
_HIDDEN_BUT_PERMITTED = (
    "case when execution_role = '' or len(hidden_app_types) + len(hidden_ml_tools) = 0 then []::VARCHAR[]"
    f" when allowed_tools is null then null when len({_CERTAIN}) > 0 then {_CERTAIN}"
    f" when hidden_app_types is null or hidden_ml_tools is null then null when ({_OPEN}) = 0 then []::VARCHAR[] end"
)
#: The same of partners' tools. Where nobody knows which apps are in service, nobody knows whether they can be used; a
#: role that permits none of them settles it.
_HIDDEN_PARTNER_TOOLS_PERMITTED = (
    f"case when execution_role = '' or len({_only('hidden_ml_tools', _PARTNERS_ONLY)}) = 0"
    f" then []::VARCHAR[] when len({_only('allowed_hidden', _IN_SERVICE)}) > 0"
    f" then {_only('allowed_hidden', _IN_SERVICE)} when hidden_ml_tools is null then null"
    f" when len({_only('possible_hidden', _PARTNERS_ONLY)}) = 0 then []::VARCHAR[]"
    " when subscribed_partner_tools is not null"
    f" and len({_only('undecided_hidden', _IN_SERVICE)}) = 0 then []::VARCHAR[] end"
)
#: Hidden tools of which that cannot be told. [] as well where IAM was not asked about the role.
_HIDDEN_UNDECIDED = (
    f"coalesce({_apps('undecided_tools')}, []::VARCHAR[]) || {_RSTUDIO_OPEN}"
    f" || coalesce({_only('undecided_hidden', _OWN)}, []::VARCHAR[])"
    f" || coalesce({_only('undecided_hidden', _IN_SERVICE)}, []::VARCHAR[])"
    f" || coalesce({_WITHOUT}, []::VARCHAR[]) || case when allowed_tools is not null and subscribed_partner_tools"
    f" is null then coalesce({_only('known_hidden_ml_tools', _PARTNERS_ONLY)}, []::VARCHAR[]) else []::VARCHAR[] end"
)
#: The last step: columns of user_profile.
HIDDEN_COLUMNS = (
    f"{_HIDDEN_BUT_PERMITTED} as hidden_but_permitted, {_HIDDEN_UNDECIDED} as hidden_undecided,"
    f" {_HIDDEN_PARTNER_TOOLS_PERMITTED} as hidden_partner_tools_permitted"
)
