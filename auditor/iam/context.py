"""What is known about a request's context keys.

Of a key one may know its values, that it is absent, that it is present with a value that nobody knows, or nothing. IAM
treats an absent key quite differently from a present one (``…IfExists``, negated operators, ``Null``), so the four must
not be mixed up. Two more are about people: a text that only the caller has, and one that names somebody else. What they
are nobody knows, but they differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Known(Enum):
    """What may be known of a key beside its values."""

    ABSENT = "absent"
    #: It is in the request, whatever its value: ``aws:SourceIp``.
    PRESENT = "present"
    NOTHING = "nothing"
    #: A text by which the caller is told from colleagues: the user profile's name, the source identity, a tag of the
    #: session that policies compare with a resource's tag.
    OWN = "own"
    #: In the request, and somebody else's: the tag by which a colleague's resource names its owner.
    OTHERS = "others"


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """A value that the caller chooses among those that a condition (``by``) lists and nobody can read yet."""

    by: object


Value = tuple[str, ...] | Known | Chosen


@dataclass(frozen=True, slots=True)
class Context:
    """Values of context keys; names of keys are not case-sensitive. A name that ends in ``/`` stands for all keys that
    begin so (``aws:PrincipalTag/``) and are not listed themselves.

    ``closed``: a key that is not listed is absent, which is how IAM's policy simulator takes it. Else nothing is known
    about it.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    closed: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", {name.lower(): value for name, value in self.values.items()})

    def get(self, key: str) -> Value:
        """What is known of a key."""
        name = key.lower()
        unlisted = Known.ABSENT if self.closed else Known.NOTHING
        found = self.values.get(name)
        return self.values.get(f"{name.partition('/')[0]}/", unlisted) if found is None else found

    def with_(self, values: Mapping[str, Value]) -> Context:
        """The same with further keys, or other values of some."""
        return Context({**self.values, **{name.lower(): value for name, value in values.items()}}, self.closed)
