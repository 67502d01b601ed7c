"""The VPC endpoints that Studio needs in a VPC without a way out.

Those for one feature only (servicecatalog for SageMaker Projects, sts and logs for remote training jobs) are not asked
for. Studio's own is called aws.sagemaker.REGION.studio, the others com.amazonaws.REGION.….
Source: developer guide, "Connect Amazon SageMaker Studio in a VPC to External Resources".
"""

from __future__ import annotations

#: Ends of the services' names.
NEEDED_ENDPOINTS = ("sagemaker.api", "sagemaker.runtime", "s3", "studio")
