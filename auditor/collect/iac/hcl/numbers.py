"""Numbers with Terraform's precision.

Source: Terraform's language documentation, "Types and Values" (number), and go-cty: numbers have 512 bits of mantissa,
so that whole numbers are exact up to 154 digits and ``0.1 + 0.2`` is 0.3; ``pow`` works with 64-bit floating point
numbers. What is no whole number is kept with 64 bits here.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable, Mapping

Number = int | float

_BITS = 512
#: Longer ones cannot be written down here; Terraform's go on.
_MOST_BITS = 14_000
_CONTEXT = decimal.Context(
    prec=155, Emax=5_000, Emin=-5_000,
    traps=[decimal.Overflow, decimal.InvalidOperation, decimal.DivisionByZero],
)  # fmt: skip
_OPERATIONS: Mapping[str, Callable[[decimal.Decimal, decimal.Decimal], decimal.Decimal]] = {
    "+": _CONTEXT.add, "-": _CONTEXT.subtract, "*": _CONTEXT.multiply, "/": _CONTEXT.divide, "%": _CONTEXT.remainder,
}  # fmt: skip


def whole(number: int) -> int:
    """A whole number with 512 significant bits. Raises OverflowError."""
    bits = number.bit_length()
    if bits > _MOST_BITS:
        raise OverflowError
    if bits <= _BITS:
        return number
    shift = bits - _BITS
    size = abs(number)
    kept, rest, half = size >> shift, size & ((1 << shift) - 1), 1 << (shift - 1)
    if rest > half or (rest == half and kept & 1):
        kept += 1
    return (kept << shift) * (1 if number > 0 else -1)


def calculated(operator: str, left: Number, right: Number) -> Number:
    """The result of ``+``, ``-``, ``*``, ``/`` or ``%``. Raises OverflowError, ZeroDivisionError."""
    if isinstance(left, int) and isinstance(right, int) and operator in "+-*":
        exact = {"+": left.__add__, "-": left.__sub__, "*": left.__mul__}[operator](right)
        return whole(exact)
    if right == 0 and operator in "/%":
        raise ZeroDivisionError
    try:
        found = _OPERATIONS[operator](_decimal(left), _decimal(right))
    except (decimal.Overflow, decimal.InvalidOperation) as error:
        raise OverflowError from error
    if found == found.to_integral_value(context=_CONTEXT):
        return whole(int(found))
    return float(found)


def _decimal(number: Number) -> decimal.Decimal:
    return _CONTEXT.create_decimal(number if isinstance(number, int) else repr(number))


def power(base: Number, exponent: Number) -> Number:
    """``pow``. Raises OverflowError, ValueError where it is no number."""
    found = math.pow(base, exponent)
    return whole(int(found)) if found.is_integer() else found
