"""What Studio can show, as data: one table of app types and tools. AWS's enumerations grow: a value that is not here is
data, never an error.

An action is representative when a person cannot do the tool's own work without it: creating a feature group for the
Feature Store, for example. The IAM policy simulator is asked about these actions, once for each execution role.

Sources: botocore's shapes AppType and MlTools; the API reference of StudioWebPortalSettings for what can be hidden and
of PartnerAppSummary for partner AI apps; Service Authorization Reference, "Actions, resources, and condition keys for
Amazon SageMaker", for actions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Tool:
    """``name`` as HiddenAppTypes or HiddenMlTools writes it. ``kind``: an app type or a tool of the navigation.
    ``owner``: AWS, or the partner whose app it is. ``hideable``: hiding it has an effect. ``actions``: the
    representative IAM actions; none means that nobody knows which stand for it, so that whether a role permits it is
    unknown. ``further``: actions that the tool's work uses as well, so that they prove nothing about another one.
    ``partner_type``: its type in ListPartnerApps. ``needable``: a kind of person may need it.
    """

    name: str
    kind: Literal["app", "tool"]
    actions: tuple[str, ...] = ()
    owner: Literal["aws", "partner"] = "aws"
    hideable: bool = True
    partner_type: str = ""
    needable: bool = True
    further: tuple[str, ...] = ()

    @property
    def arn_part(self) -> str:
        """How an app's ARN writes its type."""
        return self.name.lower()


#: App types of Studio Classic. AWS lets nobody create one any more (guide, "Amazon SageMaker Studio Classic").
CLASSIC_APP_TYPES = ("JupyterServer", "KernelGateway")
CREATE_APP = "sagemaker:CreateApp"
_PARTNER = ("sagemaker:CallPartnerAppApi", "sagemaker:CreatePartnerAppPresignedUrl")

#: App types that can be hidden with effect. Hiding KernelGateway or RSessionGateway breaks a CloudFormation deployment,
#: hiding TensorBoard or DetailedProfiler hides nothing: none of the four is here. Studio Classic (JupyterServer) is for
#: nobody on the new Studio.
_APPS = (
    Tool("JupyterServer", "app", (CREATE_APP,), needable=False),
    Tool("JupyterLab", "app", (CREATE_APP,)),
    Tool("CodeEditor", "app", (CREATE_APP,)),
    Tool("Canvas", "app", (CREATE_APP,)),
    Tool("RStudioServerPro", "app", (CREATE_APP,)),
)
_TOOLS = (
    Tool("DataWrangler", "tool", ("sagemaker:CreateProcessingJob",)),
    Tool("FeatureStore", "tool", ("sagemaker:CreateFeatureGroup",)),
    Tool("EmrClusters", "tool", ("elasticmapreduce:ListClusters",)),
    Tool("AutoMl", "tool", ("sagemaker:CreateAutoMLJobV2",)),
    Tool("Experiments", "tool", ("sagemaker:CreateExperiment",)),
    Tool("Training", "tool", ("sagemaker:CreateTrainingJob",)),
    Tool("ModelEvaluation", "tool", ("sagemaker:CreateProcessingJob",)),
    Tool("Pipelines", "tool", ("sagemaker:CreatePipeline",)),
    Tool("Models", "tool", ("sagemaker:CreateModelPackageGroup",)),
    Tool("JumpStart", "tool", ("sagemaker:ListHubContents",)),
    Tool("InferenceRecommender", "tool", ("sagemaker:CreateInferenceRecommendationsJob",)),
    # Its page sends test requests (developer guide, "Test inference").
    Tool("Endpoints", "tool", ("sagemaker:CreateEndpoint",), further=("sagemaker:InvokeEndpoint",)),
    Tool("Projects", "tool", ("sagemaker:CreateProject",)),
    Tool("InferenceOptimization", "tool", ("sagemaker:CreateOptimizationJob",)),
    Tool("PerformanceEvaluation", "tool", ("sagemaker:CreateEndpoint", "sagemaker:InvokeEndpoint")),
    Tool("HyperPodClusters", "tool", ("sagemaker:CreateCluster",)),
    Tool("RunningInstances", "tool"),
    Tool("Datasets", "tool"),
    Tool("Evaluators", "tool"),
    Tool("LakeraGuard", "tool", _PARTNER, "partner", partner_type="lakera-guard"),
    Tool("Comet", "tool", _PARTNER, "partner", partner_type="comet"),
    Tool("DeepchecksLLMEvaluation", "tool", _PARTNER, "partner", partner_type="deepchecks-llm-evaluation"),
    Tool("Fiddler", "tool", _PARTNER, "partner", partner_type="fiddler"),
    # Has no value in HiddenMlTools: only the role keeps it away.
    Tool(
        # Tracking servers, and MLflow Apps.
        "MLflow", "tool", ("sagemaker-mlflow:AccessUI", "sagemaker:CreatePresignedMlflowTrackingServerUrl",
                           "sagemaker:CallMlflowAppApi", "sagemaker:CreatePresignedMlflowAppUrl"),
        hideable=False,
    ),
)  # fmt: skip
TOOLS: tuple[Tool, ...] = (*_APPS, *_TOOLS)

RSTUDIO = "RStudioServerPro"
#: Profile that AWS makes for a domain's RStudio, and that its app runs under. Source: developer guide, "Create an
#: Amazon SageMaker AI domain with RStudio using the AWS CLI".
AWS_PROFILE = "domain-shared"
MLFLOW = "MLflow"
HIDEABLE_APP_TYPES: tuple[str, ...] = tuple(t.name for t in _APPS)
NEEDABLE_APP_TYPES: tuple[str, ...] = tuple(t.name for t in _APPS if t.needable)
#: Values of HiddenMlTools that are AWS's own tools, and then all of them.
FIRST_PARTY_TOOLS: tuple[str, ...] = tuple(t.name for t in _TOOLS if t.owner == "aws" and t.hideable)
ML_TOOLS: tuple[str, ...] = tuple(t.name for t in _TOOLS if t.hideable)
#: HiddenMlTools name by ListPartnerApps type.
PARTNER_TOOLS: Mapping[str, str] = {t.partner_type: t.name for t in _TOOLS if t.partner_type}
#: Tools that a kind of person may need.
NEEDABLE_TOOLS: tuple[str, ...] = tuple(t.name for t in _TOOLS if t.needable)
#: Tool → representative actions, of those that have any.
TOOL_ACTIONS: Mapping[str, tuple[str, ...]] = {t.name: t.actions for t in _TOOLS if t.actions}
#: Tool → all the actions that its work is known to use.
USED_ACTIONS: Mapping[str, tuple[str, ...]] = {t.name: (*t.actions, *t.further) for t in _TOOLS if t.actions}
#: Tools of which nobody knows the actions: whether a role permits them is unknown.
TOOLS_WITHOUT_ACTIONS: tuple[str, ...] = tuple(t.name for t in _TOOLS if not t.actions)
#: App type → how an app's ARN writes it.
APP_ARN_PARTS: Mapping[str, str] = {t.name: t.arn_part for t in _APPS}


#: Representative action → how the ARN of what it acts on begins. An action that is not here acts on no resource of its
#: own, and is asked about for ``*``. Source: Service Authorization Reference.
_RESOURCES: Mapping[str, str] = {
    "sagemaker:CallMlflowAppApi": "mlflow-app",
    "sagemaker:CallPartnerAppApi": "partner-app",
    "sagemaker:CreateAutoMLJobV2": "automl-job",
    "sagemaker:CreateCluster": "cluster",
    "sagemaker:CreateEndpoint": "endpoint",
    "sagemaker:CreateExperiment": "experiment",
    "sagemaker:CreateFeatureGroup": "feature-group",
    "sagemaker:CreateInferenceRecommendationsJob": "inference-recommendations-job",
    "sagemaker:CreateModelPackageGroup": "model-package-group",
    "sagemaker:CreateOptimizationJob": "optimization-job",
    "sagemaker:CreatePartnerAppPresignedUrl": "partner-app",
    "sagemaker:CreatePipeline": "pipeline",
    "sagemaker:CreatePresignedMlflowAppUrl": "mlflow-app",
    "sagemaker:CreatePresignedMlflowTrackingServerUrl": "mlflow-tracking-server",
    "sagemaker:CreateProcessingJob": "processing-job",
    "sagemaker:CreateProject": "project",
    "sagemaker:CreateTrainingJob": "training-job",
    "sagemaker:InvokeEndpoint": "endpoint",
    "sagemaker:ListHubContents": "hub",
    "sagemaker-mlflow:AccessUI": "mlflow-tracking-server",
}


#: Hub of AWS's own that JumpStart shows to everybody (guide, "Private model hubs in JumpStart").
_PUBLIC_HUB = "arn:{partition}:sagemaker:{region}:aws:hub/SageMakerPublicHub"


def simulated_arns(partition: str, account: str, region: str) -> Mapping[str, tuple[str, ...]]:
    """Every action that stands for a tool → ARNs that stand for all that it acts on; names in them are made up.
    CreateApp has one for each app type. None for an action that acts on no resource of its own."""
    start = f"arn:{partition}:sagemaker:{region}:{account}:"
    found: dict[str, tuple[str, ...]] = {
        action: (f"{start}{_RESOURCES[action]}/any",) if action in _RESOURCES else ()
        for actions in TOOL_ACTIONS.values()
        for action in actions
    }
    found["sagemaker:ListHubContents"] += (_PUBLIC_HUB.format(partition=partition, region=region),)
    apps = tuple(f"{start}app/d-any/any/{part}/default" for part in APP_ARN_PARTS.values())
    return {CREATE_APP: apps, **dict(sorted(found.items()))}


def resource_patterns(partition: str, account: str, region: str) -> Mapping[str, tuple[str, ...]]:
    """The same actions → patterns of all that they act on, one for each app type."""
    start = f"arn:{partition}:sagemaker:{region}:{account}:"
    found = {action: (f"{start}{kind}/?*",) for action, kind in _RESOURCES.items()}
    return {CREATE_APP: tuple(f"{start}app/?*/?*/{part}/?*" for part in APP_ARN_PARTS.values()), **found}


def acts_on(action: str, arn: str) -> bool:
    """Whether an ARN is of the kind that the action acts on."""
    return action in _RESOURCES and f":{_RESOURCES[action]}/" in arn


def app_action(app_type: str) -> str:
    """CreateApp counted by app type, since each can be permitted by itself."""
    return f"{CREATE_APP}/{app_type}"


#: StudioWebPortalAccess of a domain of SageMaker Unified Studio that people also open in SageMaker Studio.
OPEN_IN_STUDIO = "ENABLED"


def made_by_unified_studio(domain_settings: object) -> bool:
    """Whether a machine makes the profiles of a domain with these DomainSettings: the domain corresponds to a project
    of SageMaker Unified Studio and cannot be opened in SageMaker Studio.

    A domain that was migrated and stays open in both keeps its people's profiles, roles and spaces. What cannot be told
    is false: an exemption that cannot be decided does not apply. Source: API_UnifiedStudioSettings.
    """
    settings = domain_settings.get("UnifiedStudioSettings") if isinstance(domain_settings, Mapping) else None
    if not isinstance(settings, Mapping):
        return False
    return bool(settings.get("ProjectId")) and settings.get("StudioWebPortalAccess") != OPEN_IN_STUDIO


#: The same in SQL, over columns of the domain. Where one of them is unknown it is false.
MADE_BY_UNIFIED_STUDIO = (
    f"coalesce(unified_studio_project <> '' and studio_web_portal_access <> '{OPEN_IN_STUDIO}', false)"
)
