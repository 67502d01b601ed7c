package main

import "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sagemaker"

func studio(ctx *pulumi.Context) { sagemaker.NewDomain(ctx, "studio", &sagemaker.DomainArgs{}) }
