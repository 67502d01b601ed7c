from troposphere import Template
from troposphere import sagemaker as sm

Template().add_resource(sm.Domain("Studio", AuthMode="IAM"))
