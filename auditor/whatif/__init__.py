"""What would change if: changes laid over a snapshot, and the difference that they make to what rules say of it.

Nothing is changed anywhere: the snapshot is copied, and the copy is evaluated beside it.
"""
