"""Several accounts in one run: which they are, how each is entered, and one snapshot of all of them."""
