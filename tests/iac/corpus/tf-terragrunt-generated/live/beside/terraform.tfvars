names = ["ds-team"]
