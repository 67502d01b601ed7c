"""Changes of a domain that AWS refuses while apps run, held against the apps that ran when the audit was made.

One refused setting would stop the whole call that it is in, and all that comes after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from auditor.counting import plural
from auditor.model.paths import value_at
from auditor.store.snapshot_reader import Key
from auditor.studio.statuses import ONLY_WITHOUT_APPS, RUNNING, RunningApps
from auditor.whatif.changes import Line

#: So many apps stand in a sentence; of more, the number.
_FEW = 5


class RunningOnes:
    """The apps that ran, by domain. ``lines``: those of apps and spaces. An app of a space that is not among them may
    be a shared space's or not, and counts for neither."""

    def __init__(self, lines: Mapping[Key, Line]) -> None:
        self._apps: dict[Key, list[tuple[str, bool | None]]] = {}
        sharing = {key: value_at(line["space"], "SpaceSharingSettings.SharingType")
                   for key, line in lines.items() if key[2] == "space"}  # fmt: skip
        for key, line in sorted(lines.items()):
            app = line.get("app")
            if key[2] != "app" or not isinstance(app, Mapping) or app.get("Status") not in RUNNING:
                continue
            domain, space = str(app.get("DomainId")), app.get("SpaceName")
            type_ = sharing.get((*key[:2], "space", f"{domain}/{space}"))
            shared = False if not space else None if type_ is None else type_ == "Shared"
            owner = f"space {space}" if space else f"user profile {app.get('UserProfileName')}"
            told = f"{app.get('AppType')} of {owner}"
            self._apps.setdefault((*key[:2], "domain", domain), []).append((told, shared))

    def against(self, key: Key, before: Line, after: Line | None) -> str:
        """Why AWS would refuse the change of a domain; empty where nothing that is known stands against it."""
        if key[2] != "domain" or after is None or key not in self._apps:
            return ""
        for path, whose in ONLY_WITHOUT_APPS.items():
            old, new = value_at(before["domain"], path), value_at(after["domain"], path)
            if old == new or (isinstance(new, list) and set(old or ()) <= set(new)):
                continue
            if apps := list(self._of(key, whose)):
                named = ", ".join(apps) if len(apps) <= _FEW else plural(len(apps), "app")
                return f"AWS changes {path} only while no app runs, and when the audit looked there ran {named}"
        return ""

    def _of(self, key: Key, whose: RunningApps) -> Iterator[str]:
        for told, shared in self._apps[key]:
            if whose == "all" or (shared is not None and shared == (whose == "of shared spaces")):
                yield told
