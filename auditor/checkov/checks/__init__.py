"""The folder for checkov's ``--external-checks-dir``: checkov imports every module in it."""
