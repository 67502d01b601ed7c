"""What Studio can show, as data. AWS's enumerations grow: a value that is not here is data, never an error."""

from __future__ import annotations

from collections.abc import Mapping

#: App types that can be hidden with effect. Hiding KernelGateway or RSessionGateway breaks a CloudFormation deployment,
#: hiding TensorBoard or DetailedProfiler hides nothing. Source: API_StudioWebPortalSettings, HiddenAppTypes.
HIDEABLE_APP_TYPES = ("JupyterServer", "JupyterLab", "CodeEditor", "Canvas", "RStudioServerPro")
RSTUDIO = "RStudioServerPro"
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

ML_TOOLS = (*FIRST_PARTY_TOOLS, *PARTNER_TOOLS.values())
#: Has no value in HiddenMlTools: only the role keeps it away. Source: API_StudioWebPortalSettings.
MLFLOW = "MLflow"
#: Tools that a kind of person may need.
NEEDABLE_TOOLS = (*ML_TOOLS, MLFLOW)
