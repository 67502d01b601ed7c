"""A plan: all fixes of a snapshot as one call for each resource, in order, with the way back. People run it.

Nothing here calls AWS. The plan is files: a script that looks at each resource before it changes it, and stops where
somebody else has changed it since the audit; the same for the way back; and a page that says what will happen.
"""
