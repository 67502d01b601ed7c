"""Templates held against an account: which resources are the same, and in what they differ."""
