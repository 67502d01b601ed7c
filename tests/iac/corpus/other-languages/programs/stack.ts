import { SagemakerDomain } from "@cdktf/provider-aws/lib/sagemaker-domain";

new SagemakerDomain(this, "studio", {});
