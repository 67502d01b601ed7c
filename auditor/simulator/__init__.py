"""A simulated AWS account over HTTP: moto, extended with the parts of SageMaker Studio that moto lacks.

Any program that honours AWS_ENDPOINT_URL can use it: boto3, the AWS CLI, this tool. Needs the extra ``demo``.
"""

from auditor.simulator.injected_faults import Fault
from auditor.simulator.organization import load_organization
from auditor.simulator.server import Simulator

__all__ = ["Fault", "Simulator", "load_organization"]
