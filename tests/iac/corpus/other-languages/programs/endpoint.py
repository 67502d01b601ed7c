from troposphere.sagemaker import Endpoint

Endpoint("Endpoint")
