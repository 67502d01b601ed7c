"""How a setting is called in a sentence: by AWS's name where AWS has one, else by the words of our column."""

from __future__ import annotations

from auditor.model.finding import Evidence
from auditor.studio.settings import SETTINGS

#: Column of a setting of AWS's, under each prefix that the domain's defaults have → the setting's path.
SETTING_PATHS = {prefix + s.column: s.path for s in SETTINGS for prefix in ("", "default_", "space_default_")}
#: Structures of the API that say whose the settings in them are.
_OWNERS = {"UserSettings", "DefaultUserSettings", "SpaceSettings", "DefaultSpaceSettings", "DomainSettings"}


def cause_words(setting: str) -> str:
    """What a root cause is about: AWS's path as it is; of a derived value the words of our column."""
    return setting if not setting.islower() or "." in setting else setting.replace("_", " ")


def setting_words(evidence: Evidence) -> str:
    """AWS's own name of the setting, without the structure that only says whose it is. A value that is derived, if only
    from one setting, has none: the words of our column."""
    known = SETTING_PATHS.get(evidence.setting)
    if known is None:
        return cause_words(evidence.setting)
    first, _, rest = evidence.origin.path.partition(".")
    return rest if rest and first in _OWNERS else evidence.origin.path or known
