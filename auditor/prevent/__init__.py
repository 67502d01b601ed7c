"""What stops a fault before it is made: policies from the rules, and what stops which rule.

Nothing here changes anything: people attach the policies.
"""
