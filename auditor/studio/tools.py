"""What Studio can show, as data. AWS's enumerations grow: a value that is not here is data, never an error."""

from __future__ import annotations

from collections.abc import Mapping

#: App types that can be hidden with effect. Hiding KernelGateway or RSessionGateway breaks a CloudFormation deployment,
#: hiding TensorBoard or DetailedProfiler hides nothing. Source: API_StudioWebPortalSettings, HiddenAppTypes.
HIDEABLE_APP_TYPES = ("JupyterServer", "JupyterLab", "CodeEditor", "Canvas", "RStudioServerPro")
RSTUDIO = "RStudioServerPro"
#: Profile that AWS makes for a domain's RStudio, and that its app runs under. Source: developer guide, "Create an
#: Amazon SageMaker AI domain with RStudio using the AWS CLI".
AWS_PROFILE = "domain-shared"
#: App types that a kind of person may need. Studio Classic (JupyterServer) is for nobody on the new Studio.
NEEDABLE_APP_TYPES = ("JupyterLab", "CodeEditor", "Canvas", RSTUDIO)

#: Values of HiddenMlTools that are AWS's own tools. Source: botocore 1.44.5, shape MlTools.
FIRST_PARTY_TOOLS = (
    "DataWrangler", "FeatureStore", "EmrClusters", "AutoMl", "Experiments", "Training", "ModelEvaluation", "Pipelines",
    "Models", "JumpStart", "InferenceRecommender", "Endpoints", "Projects", "InferenceOptimization",
    "PerformanceEvaluation", "HyperPodClusters", "RunningInstances", "Datasets", "Evaluators",
)  # fmt: skip

#: HiddenMlTools name by ListPartnerApps type. Source: API_StudioWebPortalSettings, API_PartnerAppSummary.
PARTNER_TOOLS: Mapping[str, str] = {
    "lakera-guard": "LakeraGuard",
    "comet": "Comet",
    "deepchecks-llm-evaluation": "DeepchecksLLMEvaluation",
    "fiddler": "Fiddler",
}

#: StudioWebPortalAccess of a domain of SageMaker Unified Studio that people also open in SageMaker Studio.
OPEN_IN_STUDIO = "ENABLED"

ML_TOOLS = (*FIRST_PARTY_TOOLS, *PARTNER_TOOLS.values())
#: Has no value in HiddenMlTools: only the role keeps it away. Source: API_StudioWebPortalSettings.
MLFLOW = "MLflow"
#: Tools that a kind of person may need.
NEEDABLE_TOOLS = (*ML_TOOLS, MLFLOW)


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
