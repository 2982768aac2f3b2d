"""sin, cos and tan, with the argument reduced exactly enough for every finite x.

Up to 2**20, n = round(x / pi) is small enough for n * head to be exact, where pi = head + tail (+ last) (Cody and
Waite). Beyond, x / pi modulo 2 is computed in fixed point from the bits of 1/pi that matter (Payne and Hanek, 1983); those
ops run only when some lane needs them. f32 results are computed in f64 and rounded once.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import inf, nan

from .expression import F32, F64, Expr, horner, where, where_any
from .tables import COS_QUARTER, SIN, SIN_QUARTER

_hex = float.fromhex
_HEAD = _hex("0x1.921fb544p+1")
"""33 bits of pi: the product with an integer below 2**20 is exact."""
_TAILS = {F32: (_hex("0x1.0b4611a626331p-33"),), F64: (_hex("0x1.0b4611a6p-33"), _hex("0x1.3198a2e037073p-68"))}
_NEAR = 2.0**20
_INVERSE_PI = 0.3183098861837907
_PI, _PI_TAIL = 3.141592653589793, 1.2246467991473532e-16
_LOW_WORD = 0xFFFFFFFF
_SIGN_BIT = -(1 << 63)


def _inverse_pi(words: int) -> list[int]:
    """The fraction of 1/pi in 32-bit words; pi from Machin's formula, in integers."""
    bits = 32 * words + 64

    def arctan_inverse(n: int) -> int:
        power = (1 << bits) // n
        total, k = power, 1
        while power:
            power //= n * n
            k += 2
            total += -(power // k) if k % 4 == 3 else power // k
        return total

    pi = 4 * (4 * arctan_inverse(5) - arctan_inverse(239))
    fraction = (1 << (2 * bits)) // pi >> (bits - 32 * words)
    return [(fraction >> (32 * (words - 1 - i))) & _LOW_WORD for i in range(words)]


# A window starts up to 33 bits before the point (hence two words of zeros) and is seven words long.
_WORDS = [0, 0, *_inverse_pi(40)]


@dataclass(frozen=True)
class _Window:
    """What the fixed-point reduction reads for one format."""

    words: int
    """Length of the window: the integer bit, the bits lost to cancellation and to the mantissa, and those of the result."""
    starts: int
    """How many words a window may start at."""


_WINDOWS = {F32: _Window(3, 6), F64: _Window(6, 33)}


def _consecutive_words(index: Expr, count: int, starts: int) -> list[Expr]:
    """`count` words of the table from `index` < starts, halving the candidates with each bit of the index."""
    candidates = [index.constant(word) for word in _WORDS[: starts + count]]
    for level in reversed(range((starts - 1).bit_length())):
        taken = (index & (1 << level)).is_not(0)
        last = len(candidates) - 1
        needed = min(count + (1 << level) - 1, last + 1)
        candidates = [where(taken, candidates[min(i + (1 << level), last)], candidates[i]) for i in range(needed)]
    return candidates[:count]


def _window(start: Expr, window: _Window) -> list[Expr]:
    """The bits of 1/pi from bit `start` on, in words."""
    words = _consecutive_words(start >> 5, window.words + 1, window.starts)
    down = 32 - (start & 31)
    return [(((high << 32) | low) >> down) & _LOW_WORD for high, low in pairwise(words)]


def _product(mantissa: Expr, window: list[Expr], wide: bool) -> list[Expr]:
    """mantissa * window modulo 2**(32 * len(window)), in words; a `wide` mantissa has more than 32 bits."""
    low, high = (mantissa & _LOW_WORD, mantissa >> 32) if wide else (mantissa, None)
    result: list[Expr] = []
    carry: Expr | None = None
    for i in reversed(range(len(window))):
        product = low * window[i]
        if high is not None:
            upper = high * window[i + 1] if i + 1 < len(window) else mantissa.constant(0)
            total = (product & _LOW_WORD) + (upper & _LOW_WORD)
            above = (product >> 32) + (upper >> 32)
        else:
            total, above = product, None
        total = total if carry is None else total + carry
        carry = total >> 32 if above is None else (total >> 32) + above
        result.append(total & _LOW_WORD)
    return result[::-1]


@dataclass(frozen=True)
class _Angle:
    """x = n pi / 2**doublings + r in f64; bit 63 of `odd` says whether n is odd, the other bits mean nothing."""

    r: Expr
    odd: Expr


def _far(x: Expr, half: bool, doublings: int) -> _Angle:
    """The reduction of |x| by the bits of 1/pi; NaN for infinity. `half` adds 1/2 to n (for cosines)."""
    fmt, a = x.format, abs(x)
    bits = a.bits().to_i64()
    mantissa = (bits & ((1 << fmt.mantissa) - 1)) | (1 << fmt.mantissa)
    start = (bits >> fmt.mantissa) + (63 + doublings - fmt.bias - fmt.mantissa)
    words = _product(mantissa, _window(start, _WINDOWS[fmt]), fmt is F64)
    turns = (words[0] << 32) | words[1]  # x / pi modulo 2, in units of 2**-63
    turns = turns + (1 << 62) if half else turns
    if fmt is F32:
        fraction = turns << 1  # signed, in units of 2**-64
        r = fraction.signed_to_f64() * (_PI * 2.0**-64)
    else:
        rest = (words[2] << 32) | words[3]
        fraction = (turns << 1) | (rest >> 63)
        coarse = (fraction & -2048).signed_to_f64()
        fine = (fraction & 2047).signed_to_f64() + (rest & ~_SIGN_BIT).signed_to_f64() * 2.0**-63
        r = coarse.fma(_PI * 2.0**-64, coarse.fma(_PI_TAIL * 2.0**-64, fine * (_PI * 2.0**-64)))
    return _Angle(where(a < inf, r * 2.0**-doublings, nan), turns ^ fraction)


def _near(x: Expr, half: bool, doublings: int) -> _Angle:
    """The same for |x| <= 2**20: multiples of pi, in parts, are subtracted from x in f64."""
    tails, x, scale = _TAILS[x.format], x.to_f64(), 2.0**-doublings
    if half:
        shifted = x.fma(_INVERSE_PI / scale, 0.5) + F64.shifter
        n = shifted - F64.shifter - 0.5
    else:
        shifted = x.fma(_INVERSE_PI / scale, F64.shifter)
        n = shifted - F64.shifter
    r = n.fma(-_HEAD * scale, x)
    for tail in tails:
        r = n.fma(-tail * scale, r)
    return _Angle(r, shifted.bits() << 63)


def _reduce(x: Expr, half: bool = False, doublings: int = 0) -> _Angle:
    near = _near(x, half, doublings)

    def far() -> list[Expr]:
        angle = _far(x, half, doublings)
        sign = x.to_f64().bits() & _SIGN_BIT
        r = angle.r if half else (angle.r.bits() ^ sign).from_bits()
        return [r, angle.odd]

    return _Angle(*where_any(abs(x) > _NEAR, far, [near.r, near.odd]))


def _sine_of(angle: _Angle, x: Expr) -> Expr:
    """(-1)**n sin(r), for |r| <= pi/2, in the format of x."""
    r = (angle.r.bits() ^ (angle.odd & _SIGN_BIT)).from_bits()
    square = r * r
    sine = (r * square).fma(horner(square, SIN[x.format.width]), r)
    return sine.with_sign_of(r).to_float(x.element)  # the sum loses the sign of a zero


def sin(x: Expr) -> Expr:
    """sin(n pi + r) = (-1)**n sin(r)."""
    return _sine_of(_reduce(x), x)


def cos(x: Expr) -> Expr:
    """cos((n - 1/2) pi + r) = (-1)**n sin(r)."""
    return _sine_of(_reduce(x, half=True), x)


def tan(x: Expr) -> Expr:
    """tan(n pi/2 + r): sin(r) / cos(r), or -cos(r) / sin(r) for odd n; in f64 for f32 too."""
    angle = _reduce(x, doublings=1)
    r, odd = angle.r, angle.odd < 0
    square = r * r
    sine = (r * square).fma(horner(square, SIN_QUARTER[64]), r).with_sign_of(r)
    half = square * 0.5
    head = 1.0 - half
    cosine = head + (square * square).fma(horner(square, COS_QUARTER[64]), (1.0 - head) - half)
    return (where(odd, cosine, sine) / where(odd, -sine, cosine)).to_float(x.element)
