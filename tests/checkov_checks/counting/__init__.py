"""An external check of the tests' own, which is none: it counts evaluations, and can break them."""
