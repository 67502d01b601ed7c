"""The practices that the rules enforce, each in a sentence. Numbers are stable: never reused, never renumbered."""

from __future__ import annotations

from collections.abc import Mapping

PRACTICES: Mapping[str, str] = {
    "P01": "A user profile belongs to one person",
    "P02": "One profile is not used by several people",
    "P03": "One Identity Center user has one profile, created from the assignment",
    "P04": "Each person's actions can be traced to that person",
    "P05": "Each profile can have its own execution role, with least privilege",
    "P06": "Cost and use can be attributed to a person",
    "P07": "Quotas and limits act on an individual",
    "P08": "Permissions are role-based and fine-grained",
    "P09": "Profiles are created for the new Studio; Studio Classic is a documented, dated exception",
    "P10": "Classic apps and spaces are found and migrated, not only settings",
    "P11": "People can tell which Studio they are in",
    "P12": "Notebook sharing is turned on explicitly on Classic, and not needed on the new Studio",
    "P13": "The interface is customised only where that has an effect",
    "P14": "Only the applications that a person needs are visible",
    "P15": "Studio Classic is not shown",
    "P16": "RStudio is not shown without a license",
    "P17": "Third-party tools are shown only where used and subscribed",
    "P18": "The navigation shows what fits the profile",
    "P19": "Visibility is not access control: the role denies what must not be used",
    "P20": "Spaces of the new Studio live on EBS",
    "P21": "EFS is not mounted into the new Studio",
    "P22": "A quick-start domain is for learning, never for production",
    "P23": "A production domain is set up by hand, outside the default VPC, with people aligned to profiles",
    "P24": "Instances attach to private VPCs that limit network communication",
    "P25": "Each domain is known and owned",
    "P26": "Each shared space is deliberate",
    "P27": "Idle apps shut down by themselves; nothing runs, and costs, unseen",
    "P28": "Compute is chosen on purpose",
    "P29": "Notebooks are shared through version control",
    "P30": "Logs are kept, searchable, and can raise alarms",
    "P31": "Data at rest is encrypted with a customer managed key where policy asks for it",
}
