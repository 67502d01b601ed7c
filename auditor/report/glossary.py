"""Words of ours, each with its meaning: docs/glossary.md and the report's *About* are made of them.

AWS's own words (domain, user profile, execution role …) are AWS's to define. A meaning may use other words of the list.
"""

from __future__ import annotations

from collections.abc import Mapping

GLOSSARY: Mapping[str, str] = {
    "ambiguous": "Origin of a setting for which AWS doesn't document whether the user profile's or the domain's value"
    " applies. Its value is unknown unless --nested-merge says how to merge the two.",
    "baseline": "An earlier report.json. With --new-only, only findings that it doesn't list fail the run.",
    "carried over": "A finding, or a resource, of an earlier run that this run didn't read again: it was not part of"
    " this run, or it hasn't changed since.",
    "check": "One rule evaluated on one resource. Its result is pass, fail, unknown, not applicable, or error.",
    "derived": "Origin of a value that no single setting holds: it follows from several settings and evidence, such as"
    " the permissions of an execution role.",
    "drift": "A difference between templates and an account: settings that differ, live resources that no template"
    " defines, and resources that are not deployed.",
    "evidence": "The values that a finding is based on, each with its origin. Also what is read beside the resources:"
    " CloudTrail events, IAM policies, routes, keys.",
    "finding": "A check that failed. Unknown results are counted apart, and so are waived findings.",
    "fingerprint": "The name of a finding that stays the same from run to run: rule, resource, and setting. A changed"
    " message or value doesn't change it.",
    "gap": "One piece of missing data: a call that was denied, a setting that the installed SDK doesn't know, a value"
    " that a template doesn't define. Checks that need it are unknown.",
    "gate": "The decision whether a run passes: which findings, by severity and whether they are new, make it fail.",
    "in force": "The effective value of a setting: the resource's own, else the inherited one, else AWS's default.",
    "new": "A finding that no earlier run, or no baseline, has. Without either, nothing is called new.",
    "no longer assessed": "A finding of an earlier run that this run could not evaluate. It doesn't count as resolved.",
    "origin": "Where a value comes from: the user profile, the domain, the space, the app, or AWS's default; or it is"
    " derived, ambiguous, or unknown.",
    "persona": "A kind of user, such as data scientist, with the applications and tools that its work needs. Personas"
    " are defined in auditor.yaml.",
    "practice": "A recommendation, P01 to P31, that one or more rules check.",
    "regressed": "A finding that was resolved once and fails again. It counts as new.",
    "resolved": "A finding of an earlier run whose check passes now, or whose resource no longer exists.",
    "root cause": "One setting at one place that explains one or more findings of a rule. Changing it resolves them.",
    "rule": "What a resource should be like, as an expression over its settings in force, with a severity. Also called"
    " a control.",
    "snapshot": "The raw data of an account or of templates in one file, which can be evaluated again at any time.",
    "store": "A folder or S3 bucket that keeps every run. Comparing runs and the trend require it.",
    "unknown": "The result of a check for which data is missing. It doesn't count as passed or failed.",
    "waiver": "An accepted finding: rules, resources, a reason, an owner, and an expiry date. The finding stays failed"
    " in every report, but doesn't fail the run.",
}
