"""Pages of the AWS Management Console that show a resource.

A profile, a space or an app is shown on its domain's page, a role on IAM's. Partitions whose console isn't public have
no entry, and so no link.

Sources: addresses in AWS's own documentation, which begin ``https://console.aws.amazon.com/``; AWS GovCloud (US) User
Guide, "Signing in to the AWS GovCloud (US) console"; Getting started with AWS services in China Regions.
"""

from __future__ import annotations

from collections.abc import Mapping

from auditor.studio.resource_types import KINDS_IN_DOMAINS

#: Host of the console by partition. A Region's own begins with the Region's name.
HOSTS: Mapping[str, str] = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
_DOMAIN = "/sagemaker/home?region={region}#/studio/{domain}"
#: Page by type of resource. ``{region}``, ``{domain}``: the id of the domain; ``{name}``: of the role, without a path.
PAGES: Mapping[str, str] = {
    "domain": _DOMAIN,
    **dict.fromkeys(KINDS_IN_DOMAINS, _DOMAIN),
    "execution_role": "/iam/home#/roles/details/{name}",
}
