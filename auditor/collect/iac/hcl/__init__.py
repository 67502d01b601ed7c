"""The HashiCorp configuration language: syntax, values, functions. It knows nothing of Studio, IAM or this product."""
