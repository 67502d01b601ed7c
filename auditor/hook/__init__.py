"""A Lambda Hook of CloudFormation: what is about to be made is read and evaluated, and what breaks a rule is refused.

The function's handler (``deploy/hook/handler.py``) does what needs AWS, and hands it in.
"""
