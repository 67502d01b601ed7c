"""What a role can do beyond its own work, as data: entries that ``auditor.iam`` evaluates.

A capability is shown by requests about resources that nobody named, or about a colleague's: a tag of theirs names
somebody else, and what a policy compares with the caller's own user profile, source identity or tag does not fit them.

Sources: Service Authorization Reference, "Actions, resources, and condition keys" of each service; SageMaker developer
guide, "Give your users access to private spaces" and "Connect to Studio through an interface VPC endpoint"; IAM User
Guide, "Grant a user permissions to pass a role to an AWS service".
"""

from __future__ import annotations

from collections.abc import Mapping

from auditor.iam.capabilities import NOBODY, UNGIVEN, Ask, Capability, in_sagemaker, passing
from auditor.iam.context import Known, Value
from auditor.studio.tool_requests import DOMAIN, OWN_SPACE
from auditor.studio.tools import APP_ARN_PARTS, CREATE_APP

#: Somebody else's resource in the caller's domain. The variables that AWS's policies for Studio write stand for the
#: caller: sagemaker:UserProfileName, aws:SourceIdentity (ExecutionRoleIdentityConfig), tags of the principal.
_COLLEAGUE: Mapping[str, Value] = {
    "aws:ResourceTag/": Known.OTHERS,
    "sagemaker:ResourceTag/": Known.OTHERS,
    "aws:PrincipalTag/": Known.OWN,
    "aws:SourceIdentity": Known.OWN,
    "sagemaker:UserProfileName": Known.OWN,
    "sagemaker:DomainId": ("{domain}",),
}
#: A resource without tags, of this account: what "any" resource is.
_UNTAGGED: Mapping[str, Value] = {
    "aws:ResourceTag/": Known.ABSENT,
    "iam:ResourceTag/": Known.ABSENT,
    "sagemaker:ResourceTag/": Known.ABSENT,
    "secretsmanager:ResourceTag/": Known.ABSENT,
    "s3:ExistingObjectTag/": Known.ABSENT,
    "s3:ResourceAccount": ("{account}",),
    "kms:CallerAccount": ("{account}",),
    "kms:ViaService": Known.ABSENT,
    "dynamodb:LeadingKeys": Known.OTHERS,
    "aws:PrincipalTag/": Known.OWN,
}
OPEN_PROFILE = "sagemaker:CreatePresignedDomainUrl"
#: A user profile's name that no policy means on purpose, nor by the beginning of a name.
COLLEAGUE = "0f3b9d"


def opening(profile: str = COLLEAGUE) -> Ask:
    """Opening a colleague's user profile in a domain."""
    return in_sagemaker(OPEN_PROFILE.partition(":")[2], f"user-profile/{{domain}}/{profile}", {**_COLLEAGUE, **UNGIVEN})


#: Opening any user profile of a domain.
OPENS_PROFILES = Capability("open-profiles", "open any user profile", ((opening(),),))


def _any(action: str, resource: str = f"{NOBODY}") -> Ask:
    return Ask(action, f"arn:{{partition}}:{action.partition(':')[0]}:{{region}}:{{account}}:{resource}", _UNTAGGED)


#: Keys that the request of a job or notebook instance may hold; who starts it chooses the value.
_CHOSEN: Mapping[str, Value] = dict.fromkeys(
    ("sagemaker:VpcSubnets", "sagemaker:VpcSecurityGroupIds", "sagemaker:VolumeKmsKey", "sagemaker:OutputKmsKey"),
    Known.PRESENT,
)
#: The same of what every request gives, or may give: a type that anybody may want, tags as they are asked for.
_GIVEN: Mapping[str, Value] = {
    "sagemaker:InstanceTypes": ("ml.m5.large",),
    "sagemaker:InterContainerTrafficEncryption": ("true",),
    "sagemaker:NetworkIsolation": ("false",),
    "aws:RequestTag/": Known.PRESENT,
}
_FREE = (*_CHOSEN, *(key for key in _GIVEN if not key.endswith("/")))


def _job(action: str, kind: str) -> tuple[Ask, ...]:
    """A job without a VPC and keys, and one with them."""
    resource = f"arn:{{partition}}:sagemaker:{{region}}:{{account}}:{kind}/{NOBODY}"
    return (
        Ask(f"sagemaker:{action}", resource, {**UNGIVEN, **_GIVEN}, note="bare", free=_FREE),
        Ask(f"sagemaker:{action}", resource, {**_CHOSEN, **_GIVEN}, note="with all", free=_FREE),
    )


#: Names of ways that lead from role to role, or to user profiles (``auditor.resolve.access_paths``).
ASSUME_ANY = "sts:AssumeRole on any role"
JOBS_AS_ANY = "iam:PassRole of any role to SageMaker jobs or notebook instances"
CHANGE_PROFILES = "changes to domains or other user profiles"
WIDENED = "policies of a role that it can pass or assume"

#: Who can do one of these can act as somebody else, or as another role. Messages and parameters of rules write their
#: names.
ESCALATION: tuple[Capability, ...] = (
    Capability(
        ASSUME_ANY, "assume any role that trusts the account",
        ((Ask("sts:AssumeRole", f"arn:{{partition}}:iam::{{account}}:role/{NOBODY}", _UNTAGGED),),),
    ),
    Capability(
        CHANGE_PROFILES, "change domains or other people's user profiles",
        ((in_sagemaker("UpdateDomain", "domain/{domain}", {**UNGIVEN, "sagemaker:DomainId": ("{domain}",)}),
          in_sagemaker("UpdateUserProfile", f"user-profile/{{domain}}/{COLLEAGUE}", {**UNGIVEN, **_COLLEAGUE}),
          in_sagemaker("CreateUserProfile", f"user-profile/{{domain}}/{COLLEAGUE}", {**UNGIVEN, **_COLLEAGUE})),),
    ),
    Capability(
        JOBS_AS_ANY, "run jobs as any role of SageMaker's",
        ((*_job("CreateTrainingJob", "training-job"), *_job("CreateProcessingJob", "processing-job"),
          *_job("CreateHyperParameterTuningJob", "hyper-parameter-tuning-job"),
          *_job("CreateAutoMLJobV2", "automl-job"), *_job("CreateNotebookInstance", "notebook-instance")),
         (passing("sagemaker.amazonaws.com"),)),
    ),
    Capability(
        "iam:PassRole of any role to Lambda", "run Lambda functions as any role that Lambda can assume",
        ((_any("lambda:CreateFunction", f"function:{NOBODY}"),),
         (_any("lambda:InvokeFunction", f"function:{NOBODY}"), _any("lambda:AddPermission", f"function:{NOBODY}"),
          _any("lambda:CreateEventSourceMapping", f"event-source-mapping:{NOBODY}")),
         (passing("lambda.amazonaws.com"),)),
    ),
    Capability(
        "lambda:UpdateFunctionCode on any function", "replace the code of any Lambda function",
        ((_any("lambda:UpdateFunctionCode", f"function:{NOBODY}"),),),
    ),
    Capability(
        "iam:PassRole of any role to EC2", "start EC2 instances as any role of an instance profile",
        ((_any("ec2:RunInstances", f"instance/{NOBODY}"),), (passing("ec2.amazonaws.com"),)),
    ),
    Capability(
        "iam:PassRole of any role to Glue", "run Glue jobs or sessions as any role that Glue can assume",
        ((_any("glue:CreateJob", f"job/{NOBODY}"), _any("glue:CreateSession", f"session/{NOBODY}"),
          _any("glue:CreateDevEndpoint", f"devEndpoint/{NOBODY}")), (passing("glue.amazonaws.com"),)),
    ),
    Capability(
        "iam:PassRole of any role to CloudFormation", "create stacks as any role of CloudFormation's",
        ((_any("cloudformation:CreateStack", f"stack/{NOBODY}/{NOBODY}"),), (passing("cloudformation.amazonaws.com"),)),
    ),
    Capability(
        "iam:PassRole of any role to CodeBuild", "run CodeBuild projects as any role that CodeBuild can assume",
        ((_any("codebuild:CreateProject", f"project/{NOBODY}"), _any("codebuild:UpdateProject", f"project/{NOBODY}")),
         (_any("codebuild:StartBuild", f"project/{NOBODY}"),), (passing("codebuild.amazonaws.com"),)),
    ),
    Capability(
        "iam:PassRole of any role to ECS tasks", "run ECS tasks as any role that ECS tasks can assume",
        ((_any("ecs:RegisterTaskDefinition", f"task-definition/{NOBODY}:1"), Ask("ecs:RegisterTaskDefinition", "*")),
         (_any("ecs:RunTask", f"task-definition/{NOBODY}:1"),), (passing("ecs-tasks.amazonaws.com"),)),
    ),
    Capability(
        "iam:PassRole of any role to Step Functions", "run state machines as any role that Step Functions can assume",
        ((_any("states:CreateStateMachine", f"stateMachine:{NOBODY}"),),
         (_any("states:StartExecution", f"stateMachine:{NOBODY}"),), (passing("states.amazonaws.com"),)),
    ),
    Capability(
        "sagemaker:UpdateAppImageConfig", "change how any image starts in apps (AppImageConfig)",
        ((in_sagemaker("UpdateAppImageConfig", f"app-image-config/{NOBODY}", {**UNGIVEN, **_UNTAGGED}),),),
    ),
)  # fmt: skip

#: Data of everybody.
ALL_DATA: tuple[Capability, ...] = (
    Capability(
        "S3 buckets", "the objects of every S3 bucket",
        ((Ask("s3:GetObject", f"arn:{{partition}}:s3:::{NOBODY}/{NOBODY}", _UNTAGGED),),),
    ),
    Capability(
        "Secrets Manager secrets", "every Secrets Manager secret",
        ((_any("secretsmanager:GetSecretValue", f"secret:{NOBODY}"),),),
    ),
    Capability("KMS keys", "what every KMS key encrypts", ((_any("kms:Decrypt", f"key/{NOBODY}"),),)),
    Capability(
        "DynamoDB tables", "every DynamoDB table",
        ((_any("dynamodb:GetItem", f"table/{NOBODY}"), _any("dynamodb:Query", f"table/{NOBODY}"),
          _any("dynamodb:Scan", f"table/{NOBODY}")),),
    ),
)  # fmt: skip

#: The largest accelerated types of each family of botocore's AppInstanceType, with four accelerators or more.
LARGE_TYPES = (
    "ml.g4dn.12xlarge", "ml.g5.48xlarge", "ml.g6.48xlarge", "ml.g6e.48xlarge", "ml.g7e.48xlarge", "ml.p3.16xlarge",
    "ml.p3dn.24xlarge", "ml.p4d.24xlarge", "ml.p4de.24xlarge", "ml.p5.48xlarge", "ml.p5en.48xlarge",
    "ml.p6-b200.48xlarge", "ml.trn1.32xlarge",
)  # fmt: skip
_LAB = APP_ARN_PARTS["JupyterLab"]
#: Spaces in which a JupyterLab app is started: a private one of one's own, a shared one without an owner, and a private
#: one of somebody whom a policy names.
_SPACES: Mapping[str, Mapping[str, Value]] = {
    "": OWN_SPACE,
    "shared": {**OWN_SPACE, "sagemaker:SpaceSharingType": ("Shared",), "sagemaker:OwnerUserProfileArn": Known.ABSENT},
    "named": {
        **OWN_SPACE,
        "sagemaker:OwnerUserProfileArn": Known.PRESENT,
        "sagemaker:DomainId": Known.PRESENT,
        "sagemaker:UserProfileName": Known.PRESENT,
    },
}
#: Large type → the requests that start a JupyterLab app on it.
LARGE_APPS: Mapping[str, tuple[Ask, ...]] = {
    type_: tuple(
        Ask(
            CREATE_APP,
            f"arn:{{partition}}:sagemaker:{{region}}:{{account}}:app/{DOMAIN}/any/{_LAB}/default",
            {**UNGIVEN, **space, "sagemaker:InstanceTypes": (type_,)},
            f"/{_LAB}/",
            note,
        )
        for note, space in _SPACES.items()
    )
    for type_ in LARGE_TYPES
}


_OUTSIDE_VPC = ("sagemaker:VpcSubnets", "sagemaker:VpcSecurityGroupIds")


def _jobs(note: str, *absent: str) -> tuple[Ask, ...]:
    """Jobs that lack a part only, and those that lack all of them."""
    # A job without any network needs no VPC.
    free = tuple(key for key in _FREE if key != "sagemaker:NetworkIsolation" or absent != _OUTSIDE_VPC)
    given = {**_CHOSEN, **_GIVEN, **dict.fromkeys(absent, Known.ABSENT)}
    return tuple(
        Ask(f"sagemaker:{action}", f"arn:{{partition}}:sagemaker:{{region}}:{{account}}:{kind}/any", context,
            note=f"{noted}, {note}", free=free)
        for context, noted in ((given, "all but"), ({**UNGIVEN, **_GIVEN}, "bare"))
        for action, kind in (("CreateTrainingJob", "training-job"), ("CreateProcessingJob", "processing-job"))
    )  # fmt: skip


#: What a training or processing job may lack → the requests without it.
UNSAFE_JOBS: Mapping[str, tuple[Ask, ...]] = {
    "a VPC": _jobs("no VPC", *_OUTSIDE_VPC),
    "a volume key": _jobs("no volume key", "sagemaker:VolumeKmsKey"),
    "an output key": _jobs("no output key", "sagemaker:OutputKmsKey"),
}
#: Starting an EMR cluster. The action has no resource of its own; policies name clusters all the same.
STARTS_EMR: tuple[Ask, ...] = (
    Ask("elasticmapreduce:RunJobFlow", "*"),
    Ask("elasticmapreduce:RunJobFlow", "arn:{partition}:elasticmapreduce:{region}:{account}:cluster/any"),
)

#: Requests about a resource that nobody named.
PROBED: tuple[Capability, ...] = (OPENS_PROFILES, *ESCALATION, *ALL_DATA)
#: Requests of which one on a named resource counts as well (``auditor.iam.reach``).
REACHED: tuple[Ask, ...] = tuple(
    ask for each in (*LARGE_APPS.values(), *UNSAFE_JOBS.values(), STARTS_EMR) for ask in each
)
