"""What one account holds in one region, and the rules that AWS enforces on it.

Documents are kept as the API would describe them: only members that were set, and timestamps in epoch seconds. Where
AWS does not document a behaviour, the method says what was chosen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any, Literal

from moto.core.base_backend import BackendDict, BaseBackend

from auditor.simulator.surroundings import INSTANCE
from auditor.simulator.updates import Nested, refuse_domain, updated
from auditor.simulator.wire import ApiError, in_use, invalid, now
from auditor.studio.partitions import partition_of

Document = dict[str, Any]

#: Apps stay listed for a day after deletion (developer guide, "Delete or stop your running apps").
DELETED_APPS_LISTED_SECONDS = 24 * 3600
#: Domains made later show Studio unless told otherwise (developer guide, "Migrate from Studio Classic").
STUDIO_DEFAULT_SINCE = datetime(2023, 12, 1, tzinfo=UTC).timestamp()
_APP_DELETED = "DeletedAt"


def _not_found(kind: str, name: str) -> ApiError:
    return ApiError("ResourceNotFound", f"{kind} [{name}] does not exist.")


class StudioBackend(BaseBackend):
    """Domains, profiles, spaces, apps, partner apps and MLflow servers of one account and region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.domains: dict[str, Document] = {}
        self.profiles: dict[tuple[str, str], Document] = {}
        self.spaces: dict[tuple[str, str], Document] = {}
        self.apps: dict[tuple[str, str, str, str], Document] = {}
        self.partner_apps: dict[str, Document] = {}
        self.mlflow: dict[str, Document] = {}
        self.mlflow_apps: dict[str, Document] = {}
        self.lifecycle_configs: dict[str, Document] = {}
        #: By image, its versions from 1 on.
        self.image_versions: dict[str, list[Document]] = {}
        #: What CloudTrail recorded: sign-ins of the estate, and what was called since that changed something.
        self.events: list[Document] = []
        self.tags: dict[str, dict[str, str]] = {}
        #: KMS keys, as domains name them, that AWS manages; all others that domains name are the customer's.
        self.aws_managed_keys: set[str] = set()
        #: Keys, as domains name them, that AWS KMS does not rotate.
        self.keys_without_rotation: set[str] = set()
        #: Cost allocation tags by key, with their status; False where it may not list them, None for usual ones.
        self.cost_tags: Mapping[str, str] | Literal[False] | None = None
        #: To whom the domains' applications in Identity Center are assigned, as (USER or GROUP, id); None is everybody.
        self.assigned: list[tuple[str, str]] | None = []
        #: Applied quotas of SageMaker that are not AWS's default, by name.
        self.quotas: dict[str, float] = {}
        #: How deep an update reaches. The reading that loses more is the one to be safe under.
        self.nested: Nested = "replace"

    def arn(self, kind: str, path: str) -> str:
        return f"arn:{partition_of(self.region_name)}:sagemaker:{self.region_name}:{self.account_id}:{kind}/{path}"

    def put_tags(self, arn: str, tags: list[Mapping[str, str]] | None) -> None:
        if tags:
            self.tags.setdefault(arn, {}).update({t["Key"]: t["Value"] for t in tags})

    # Domains

    def domain(self, domain_id: str) -> Document:
        if domain_id not in self.domains:
            raise _not_found("Domain", domain_id)
        return self.domains[domain_id]

    def create_domain(self, request: Mapping[str, Any], domain_id: str = "", created: float | None = None) -> Document:
        if any(d["DomainName"] == request["DomainName"] for d in self.domains.values()):
            raise in_use(f"Domain with name {request['DomainName']} already exists.")
        digest = hashlib.sha256(f"{self.account_id}{self.region_name}{request['DomainName']}".encode()).hexdigest()
        domain_id = domain_id or f"d-{digest[:12]}"
        document = {k: deepcopy(v) for k, v in request.items() if k != "Tags"}
        self._check_portal(document["DefaultUserSettings"], {}, created)
        moment = now() if created is None else created
        arn = self.arn("domain", domain_id)
        document |= {
            "DomainId": domain_id,
            "DomainArn": arn,
            "Status": "InService",
            "CreationTime": moment,
            "LastModifiedTime": moment,
            "Url": f"https://{domain_id}.studio.{self.region_name}.sagemaker.aws",
        }
        document.setdefault("AppNetworkAccessType", "PublicInternetOnly")
        if request.get("AuthMode") == "SSO":
            applications = f"arn:{partition_of(self.region_name)}:sso::{self.account_id}:application"
            document["SingleSignOnApplicationArn"] = f"{applications}/{INSTANCE}/apl-{digest[:16]}"
        if request.get("HomeEfsFileSystemCreation") != "Disabled":
            document["HomeEfsFileSystemId"] = f"fs-{digest[:17]}"
        self.domains[domain_id] = document
        self.put_tags(arn, request.get("Tags"))
        return document

    def update_domain(self, request: Mapping[str, Any]) -> Document:
        """Members that the request does not name stay; ``updates`` says what is documented and what is not."""
        document = self.domain(request["DomainId"])
        changed = updated(document, request, ("DomainId",), self.nested)
        if request.get("AppNetworkAccessType") == "VpcOnly" and not (request.get("VpcId") and request.get("SubnetIds")):
            # What AWS answered in December 2025: github.com/hashicorp/terraform-provider-aws/issues/45528.
            raise invalid("VpcId and Subnet IDs are required for updating domains to VpcOnly mode.")
        refuse_domain(document, changed, self._apps_of(request["DomainId"]))
        self._check_portal(changed.get("DefaultUserSettings", {}), {}, document["CreationTime"])
        if changed.get("HomeEfsFileSystemCreation") == "Enabled":
            changed.setdefault("HomeEfsFileSystemId", f"fs-{hashlib.sha256(str(request).encode()).hexdigest()[:17]}")
        changed["LastModifiedTime"] = self._later(document)
        document.clear()
        document.update(changed)
        return document

    def _apps_of(self, domain_id: str) -> list[Document]:
        """The domain's apps; ``_shared`` marks those of shared spaces."""
        return [
            {**a, "_shared": self.spaces.get((domain_id, str(a.get("SpaceName", "")).lower()), {})
             .get("SpaceSharingSettings", {}).get("SharingType") == "Shared"}
            for a in self.apps.values()
            if a["DomainId"] == domain_id
        ]  # fmt: skip

    def delete_domain(self, domain_id: str) -> None:
        self.domain(domain_id)
        if any(key[0] == domain_id for key in (*self.profiles, *self.spaces)):
            raise in_use(
                f"Unable to delete Domain {domain_id} because UserProfile(s) or Space(s) are associated with it."
            )
        self.tags.pop(self.domains.pop(domain_id)["DomainArn"], None)

    def _later(self, document: Document) -> float:
        return max(now(), float(document["LastModifiedTime"]) + 1)

    def _check_portal(self, own: Mapping[str, Any], inherited: Mapping[str, Any], domain_created: float | None) -> None:
        portal = own.get("StudioWebPortal", inherited.get("StudioWebPortal"))
        # Not set means Studio on a domain made after 30 November 2023; None is a domain that is being made now.
        default = "studio::" if domain_created is None or domain_created >= STUDIO_DEFAULT_SINCE else ""
        landing = own.get("DefaultLandingUri", inherited.get("DefaultLandingUri", default))
        if portal == "DISABLED" and landing == "studio::":
            raise invalid("StudioWebPortal cannot be DISABLED when DefaultLandingUri is set to studio::")

    # User profiles

    def profile(self, domain_id: str, name: str) -> Document:
        self.domain(domain_id)
        document = self.profiles.get((domain_id, name.lower()))
        if document is None:
            raise _not_found("UserProfile", name)
        return document

    def create_profile(self, request: Mapping[str, Any], created: float | None = None) -> Document:
        domain = self.domain(request["DomainId"])
        name = request["UserProfileName"]
        key = (request["DomainId"], name.lower())
        if key in self.profiles:
            raise in_use(f"UserProfile [{name}] already exists.")
        single_sign_on = [n for n in ("SingleSignOnUserIdentifier", "SingleSignOnUserValue") if request.get(n)]
        if domain["AuthMode"] == "SSO" and len(single_sign_on) < 2:
            raise invalid("SingleSignOnUserIdentifier and SingleSignOnUserValue are required when AuthMode is SSO")
        if domain["AuthMode"] == "IAM" and single_sign_on:
            raise invalid("SingleSignOnUserIdentifier and SingleSignOnUserValue are not allowed when AuthMode is IAM")
        self._check_portal(request.get("UserSettings", {}), domain["DefaultUserSettings"], domain["CreationTime"])
        moment = now() if created is None else created
        arn = self.arn("user-profile", f"{request['DomainId']}/{name.lower()}")
        document = {k: deepcopy(v) for k, v in request.items() if k != "Tags"}
        document |= {
            "UserProfileArn": arn,
            "HomeEfsFileSystemUid": str(200000 + len(self.profiles)),
            "Status": "InService",
            "CreationTime": moment,
            "LastModifiedTime": moment,
        }
        self.profiles[key] = document
        self.put_tags(arn, request.get("Tags"))
        return document

    def update_profile(self, request: Mapping[str, Any]) -> Document:
        """As ``update_domain``."""
        document = self.profile(request["DomainId"], request["UserProfileName"])
        changed = updated(document, request, ("DomainId", "UserProfileName"), self.nested)
        domain = self.domain(request["DomainId"])
        self._check_portal(changed.get("UserSettings", {}), domain["DefaultUserSettings"], domain["CreationTime"])
        changed["LastModifiedTime"] = self._later(document)
        document.clear()
        document.update(changed)
        return document

    def delete_profile(self, domain_id: str, name: str) -> None:
        document = self.profile(domain_id, name)
        if any(
            a["DomainId"] == domain_id
            and a.get("UserProfileName", "").lower() == name.lower()
            and a["Status"] != "Deleted"
            for a in self.apps.values()
        ):
            raise in_use(f"Unable to delete UserProfile [{name}] because App(s) are associated with it.")
        del self.profiles[domain_id, name.lower()]
        self.tags.pop(document["UserProfileArn"], None)

    # Spaces

    def space(self, domain_id: str, name: str) -> Document:
        self.domain(domain_id)
        document = self.spaces.get((domain_id, name.lower()))
        if document is None:
            raise _not_found("Space", name)
        return document

    def create_space(
        self, request: Mapping[str, Any], created: float | None = None, check_owner: bool = True
    ) -> Document:
        name, domain_id = request["SpaceName"], request["DomainId"]
        self.domain(domain_id)
        if (domain_id, name.lower()) in self.spaces:
            raise in_use(f"Space [{name}] already exists.")
        sharing, owner = request.get("SpaceSharingSettings"), request.get("OwnershipSettings")
        if (sharing is None) != (owner is None):
            raise invalid("SpaceSharingSettings and OwnershipSettings must be specified together")
        if owner and check_owner:
            self.profile(domain_id, owner["OwnerUserProfileName"])
        moment = now() if created is None else created
        arn = self.arn("space", f"{domain_id}/{name.lower()}")
        document = {k: deepcopy(v) for k, v in request.items() if k != "Tags"}
        document |= {
            "SpaceArn": arn,
            "Status": "InService",
            "CreationTime": moment,
            "LastModifiedTime": moment,
            "Url": f"https://{domain_id}.studio.{self.region_name}.sagemaker.aws/space/{name}",
        }
        self.spaces[domain_id, name.lower()] = document
        self.put_tags(arn, request.get("Tags"))
        return document

    def update_space(self, request: Mapping[str, Any]) -> Document:
        document = self.space(request["DomainId"], request["SpaceName"])
        old, new = document.get("SpaceSettings", {}), request.get("SpaceSettings", {})
        if "AppType" in new and old.get("AppType") not in (None, new["AppType"]):
            raise invalid("AppType of a space cannot be changed")
        changed = updated(document, request, ("DomainId", "SpaceName"), self.nested)
        changed["LastModifiedTime"] = self._later(document)
        document.clear()
        document.update(changed)
        return document

    def delete_space(self, domain_id: str, name: str) -> None:
        document = self.space(domain_id, name)
        if any(
            a["DomainId"] == domain_id and a.get("SpaceName", "").lower() == name.lower() and a["Status"] != "Deleted"
            for a in self.apps.values()
        ):
            raise in_use(f"Unable to delete Space [{name}] because App(s) are associated with it.")
        del self.spaces[domain_id, name.lower()]
        self.tags.pop(document["SpaceArn"], None)

    # Apps

    def _app_key(self, request: Mapping[str, Any]) -> tuple[str, str, str, str]:
        owner = request.get("SpaceName") or request.get("UserProfileName")
        if not owner or (request.get("SpaceName") and request.get("UserProfileName")):
            raise invalid("Exactly one of UserProfileName and SpaceName must be specified")
        return request["DomainId"], owner.lower(), request["AppType"], request["AppName"]

    def app(self, request: Mapping[str, Any]) -> Document:
        key = self._app_key(request)
        if key not in self.apps:
            raise _not_found("App", request["AppName"])
        return self.apps[key]

    def create_app(self, request: Mapping[str, Any], created: float | None = None) -> Document:
        key = self._app_key(request)
        domain_id, owner, app_type, name = key
        if request.get("SpaceName"):
            self.space(domain_id, owner)
        else:
            self.profile(domain_id, owner)
        if key in self.apps and self.apps[key]["Status"] != "Deleted":
            raise in_use(f"App [{name}] already exists.")
        if created is None and key in self.apps and self.apps[key] in self.listed_apps():
            # "restarted within 24 hours …": it keeps its metadata (API_DescribeApp, CreationTime).
            created = self.apps[key]["CreationTime"]
        arn = self.arn("app", f"{domain_id}/{owner}/{app_type.lower()}/{name}")
        document = {k: deepcopy(v) for k, v in request.items() if k != "Tags"}
        document |= {"AppArn": arn, "Status": "InService", "CreationTime": now() if created is None else created}
        self.apps[key] = document
        self.put_tags(arn, request.get("Tags"))
        return document

    def delete_app(self, request: Mapping[str, Any]) -> None:
        document = self.app(request)
        if document["Status"] == "Deleted":
            raise _not_found("App", request["AppName"])
        document["Status"] = "Deleted"
        document[_APP_DELETED] = now()

    def listed_apps(self) -> list[Document]:
        """Every app that still shows: a deleted one for a day."""
        limit = now() - DELETED_APPS_LISTED_SECONDS
        return [a for a in self.apps.values() if a.get(_APP_DELETED, limit + 1) > limit]

    # Partner apps, MLflow

    def create_partner_app(self, request: Mapping[str, Any], created: float | None = None) -> Document:
        arn = self.arn("partner-app", "app-" + hashlib.sha256(request["Name"].encode()).hexdigest()[:12].upper())
        if arn in self.partner_apps:
            raise ApiError("ConflictException", f"PartnerApp [{request['Name']}] already exists.")
        document = {k: deepcopy(v) for k, v in request.items() if k not in ("Tags", "ClientToken")}
        document |= {"Arn": arn, "Status": "Available", "CreationTime": now() if created is None else created}
        document = {"Version": "1.0", "EnableAutoMinorVersionUpgrade": False, **document}
        self.partner_apps[arn] = document
        self.put_tags(arn, request.get("Tags"))
        return document

    def create_mlflow(self, request: Mapping[str, Any], created: float | None = None) -> Document:
        name = request["TrackingServerName"]
        if name in self.mlflow:
            raise in_use(f"MlflowTrackingServer [{name}] already exists.")
        document = {k: deepcopy(v) for k, v in request.items() if k != "Tags"}
        moment = now() if created is None else created
        document |= {
            "TrackingServerArn": self.arn("mlflow-tracking-server", name),
            "TrackingServerStatus": "Created",
            "IsActive": "Active",
            "MlflowVersion": request.get("MlflowVersion", "3.0"),
            # Defaults of API_CreateMlflowTrackingServer.
            "S3BucketOwnerVerification": request.get("S3BucketOwnerVerification", True),
            "S3BucketOwnerAccountId": request.get("S3BucketOwnerAccountId", self.account_id),
            "CreationTime": moment,
            "LastModifiedTime": moment,
        }
        self.mlflow[name] = document
        self.put_tags(document["TrackingServerArn"], request.get("Tags"))
        return document

    def create_mlflow_app(self, request: Mapping[str, Any], created: float | None = None) -> Document:
        arn = self.arn("mlflow-app", "app-" + hashlib.sha256(request["Name"].encode()).hexdigest()[:12].upper())
        if arn in self.mlflow_apps:
            raise in_use(f"MlflowApp [{request['Name']}] already exists.")
        document = {k: deepcopy(v) for k, v in request.items() if k != "Tags"}
        moment = now() if created is None else created
        document |= {"Arn": arn, "Status": "Created", "MlflowVersion": "3.0"}
        document |= {"CreationTime": moment, "LastModifiedTime": moment}
        self.mlflow_apps[arn] = document
        self.put_tags(arn, request.get("Tags"))
        return document

    # Lifecycle configurations

    def create_lifecycle_config(self, request: Mapping[str, Any], created: float | None = None) -> Document:
        name = request["StudioLifecycleConfigName"]
        if name.lower() in self.lifecycle_configs:
            raise in_use(f"StudioLifecycleConfig [{name}] already exists.")
        moment = now() if created is None else created
        arn = self.arn("studio-lifecycle-config", name.lower())
        document = {k: deepcopy(v) for k, v in request.items() if k != "Tags"}
        document |= {"StudioLifecycleConfigArn": arn, "CreationTime": moment, "LastModifiedTime": moment}
        self.lifecycle_configs[name.lower()] = document
        return document

    def lifecycle_config(self, name: str) -> Document:
        if name.lower() not in self.lifecycle_configs:
            raise _not_found("StudioLifecycleConfig", name)
        return self.lifecycle_configs[name.lower()]

    # Images. That an image has to be made before its first version is not asked.

    def create_image_version(self, request: Mapping[str, Any], created: float | None = None) -> Document:
        """AWS resolves the tag that it is given. ``ContainerImage``, ``ImageVersionStatus`` say otherwise."""
        name, base, moment = request["ImageName"].lower(), request["BaseImage"], now() if created is None else created
        versions = self.image_versions.setdefault(name, [])
        digest = hashlib.sha256(base.encode()).hexdigest()
        number, repository = len(versions) + 1, base.partition("@")[0].rpartition(":")[0] or base
        document = {
            "ImageArn": self.arn("image", name), "ImageVersionArn": self.arn("image-version", f"{name}/{number}"),
            "Version": number, "CreationTime": moment, "LastModifiedTime": moment, "ImageVersionStatus": "CREATED",
            "ContainerImage": base if "@" in base else f"{repository}@sha256:{digest}",
            **{k: deepcopy(v) for k, v in request.items() if k not in ("ImageName", "ClientToken", "Aliases")},
        }  # fmt: skip
        versions.append(document)
        return document

    def image_version(self, request: Mapping[str, Any]) -> Document:
        versions: list[Document] = self.image_versions.get(request["ImageName"].lower(), [])
        number = int(request.get("Version", len(versions)))
        if not 0 < number <= len(versions) or "Alias" in request:
            raise _not_found("ImageVersion", request["ImageName"])
        return versions[number - 1]


studio_backends: Any = BackendDict(StudioBackend, "sagemaker")
