"""Terraform's functions of numbers and collections that need their arguments known to the last part."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import reduce

from auditor.collect.iac.hcl.comparison import equals3
from auditor.collect.iac.hcl.numbers import calculated, power, whole
from auditor.collect.iac.hcl.values import EvaluationError, SetOf, identity, number, plain_text, truth, unknown_count
from auditor.collect.iac.interface import Value

#: ``range`` and ``setproduct`` of more elements are not worked out.
_MANY = 20_000


def _product(*sets: list[Value]) -> list[Value]:
    found: list[Value] = [[]]
    for one in sets:
        if len(found) * len(one) > _MANY:
            raise EvaluationError("it has too many elements to be evaluated here")
        found = [[*left, right] for left in found for right in one]
    return found


def _range(*limits: Value) -> list[Value]:
    numbers = [number(limit) for limit in limits]
    start, end = (0, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[1])
    step = numbers[2] if len(numbers) > 2 else 1 if end >= start else -1
    if step == 0 or abs(end - start) / abs(step) > _MANY:
        raise EvaluationError("it has too many elements to be evaluated here")
    found: list[Value] = []
    while (start < end) if step > 0 else (start > end):
        found.append(start)
        start += step
    return found


def _index(items: list[Value], value: Value) -> int:
    for at, item in enumerate(items):
        if equals3(item, value) is True:
            return at
    raise EvaluationError("the list does not hold it")


def _identities(items: Sequence[Value]) -> set[Hashable]:
    unknown_count(list(items))
    return {identity(item) for item in items} - {None}


def _set_of(keep: Callable[[Hashable, Sequence[set[Hashable]]], bool]) -> Callable[..., SetOf]:
    def chosen(first: list[Value], *others: list[Value]) -> SetOf:
        sets = [_identities(other) for other in others]
        return SetOf.of([item for item in first if keep(identity(item), sets)])

    return chosen


def _match_keys(values: list[Value], keys: list[Value], wanted: list[Value]) -> list[Value]:
    known = _identities(wanted)
    return [value for value, key in zip(values, keys, strict=True) if identity(key) in known]


def _parse_int(text: Value, base: Value) -> int:
    return whole(int(str(plain_text(text)), int(number(base))))


def _chunk(items: list[Value], size: Value) -> list[Value]:
    step = int(number(size)) or max(len(items), 1)
    return [items[at : at + step] for at in range(0, len(items), step)]


def _transpose(mapping: dict[str, list[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key in sorted(mapping):
        for item in mapping[key]:
            found.setdefault(item, []).append(key)
    return found


def _to_bool(value: Value) -> Value:
    return None if value is None else truth(value)


def _to_number(value: Value) -> Value:
    return None if value is None else number(value)


def _numbers(values: Sequence[Value]) -> list[int | float]:
    return [number(value) for value in values]


STRICT: Mapping[str, Callable[..., Value]] = {
    "abs": lambda value: abs(number(value)),
    "ceil": lambda value: -int(-number(value) // 1),
    "chunklist": _chunk,
    "floor": lambda value: int(number(value) // 1),
    "index": _index,
    "list": lambda *items: list(items),
    "matchkeys": _match_keys,
    "max": lambda *values: max(_numbers(values)),
    "min": lambda *values: min(_numbers(values)),
    "parseint": _parse_int,
    "pow": lambda base, exponent: power(number(base), number(exponent)),
    "range": _range,
    "setintersection": _set_of(lambda item, others: all(item in other for other in others)),
    "setproduct": _product,
    "setsubtract": _set_of(lambda item, others: not any(item in other for other in others)),
    "signum": lambda value: (number(value) > 0) - (number(value) < 0),
    "sort": lambda items: sorted(str(plain_text(item)) for item in items),
    "sum": lambda items: reduce(lambda one, other: calculated("+", one, other), _numbers(items)),
    "tobool": _to_bool,
    "tonumber": _to_number,
    "transpose": _transpose,
}
