"""An external check of the tests' own: it fails on every resource that the rules may speak about."""
