"""IAM policies: understood, matched and evaluated, in this one place.

A policy says what it allows by patterns, exceptions, conditions and what stands beside it; two policies that are
spelled differently may allow the same. So nothing outside this package compares a policy's text. What is asked is what
a role *can do*: a request, evaluated in the order that IAM documents, with an answer of three values. A condition whose
key nobody knows, a member that cannot be understood, a policy that was not seen: each leaves ``unknown``, with the
reason, and only where it can change the answer.

Layers, each knowing only those before it: ``logic`` (three values), ``patterns`` (``*``, ``?``, policy variables),
``context`` (what is known about a request), ``conditions``, ``documents`` (policies as values), ``principals``,
``evaluation`` (the order), ``capabilities`` (what to ask, as data), ``managed`` (AWS's own policies), ``simulation``
(what IAM's simulator answered).

Source of the semantics: IAM User Guide, "Policies and permissions", "Policy evaluation logic", "JSON policy elements
reference".
"""
