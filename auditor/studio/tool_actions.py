"""What Studio's navigation can show, and for each entry the IAM actions that stand for it.

An action is representative when a person cannot do the tool's own work without it: creating a feature group for the
Feature Store, for example. The IAM policy simulator is asked about these actions, once for each execution role.

Sources: Service Authorization Reference, "Actions, resources, and condition keys for Amazon SageMaker"; the API
reference of StudioWebPortalSettings for the names of tools.
"""

from __future__ import annotations

from collections.abc import Mapping

#: App types that can be hidden with effect -> the ``{AppType}`` part of the app's ARN, for sagemaker:CreateApp.
APP_TYPES: Mapping[str, str] = {
    "JupyterServer": "jupyterserver",
    "JupyterLab": "jupyterlab",
    "CodeEditor": "codeeditor",
    "Canvas": "canvas",
    "RStudioServerPro": "rstudioserverpro",
}

#: HiddenMlTools value -> actions. ``MLflow`` has no value in that list; only IAM keeps it away.
ML_TOOLS: Mapping[str, tuple[str, ...]] = {
    "DataWrangler": ("sagemaker:CreateProcessingJob",),
    "FeatureStore": ("sagemaker:CreateFeatureGroup",),
    "EmrClusters": ("elasticmapreduce:ListClusters",),
    "AutoMl": ("sagemaker:CreateAutoMLJobV2",),
    "Experiments": ("sagemaker:CreateExperiment",),
    "Training": ("sagemaker:CreateTrainingJob",),
    "ModelEvaluation": ("sagemaker:CreateModelCard",),
    "Pipelines": ("sagemaker:CreatePipeline",),
    "Models": ("sagemaker:CreateModelPackageGroup",),
    "JumpStart": ("sagemaker:ListHubContents",),
    "InferenceRecommender": ("sagemaker:CreateInferenceRecommendationsJob",),
    "Endpoints": ("sagemaker:CreateEndpoint",),
    "Projects": ("sagemaker:CreateProject",),
    "InferenceOptimization": ("sagemaker:CreateOptimizationJob",),
    "HyperPodClusters": ("sagemaker:CreateCluster",),
    "PerformanceEvaluation": ("sagemaker:CreateEndpoint", "sagemaker:InvokeEndpoint"),
    "Comet": ("sagemaker:CallPartnerAppApi",),
    "DeepchecksLLMEvaluation": ("sagemaker:CallPartnerAppApi",),
    "Fiddler": ("sagemaker:CallPartnerAppApi",),
    "LakeraGuard": ("sagemaker:CallPartnerAppApi",),
    "MLflow": ("sagemaker-mlflow:AccessUI", "sagemaker:CreatePresignedMlflowTrackingServerUrl"),
}

CREATE_APP = "sagemaker:CreateApp"


def simulated_actions() -> tuple[str, ...]:
    """Every action to ask about beside CreateApp, each once."""
    return tuple(sorted({action for actions in ML_TOOLS.values() for action in actions}))


def app_arn(partition: str, account: str, app_type: str) -> str:
    """A resource that stands for every app of that type; names in it are made up."""
    return f"arn:{partition}:sagemaker:us-east-1:{account}:app/d-any/any/{APP_TYPES[app_type]}/default"
