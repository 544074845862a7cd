"""Money as the contract writes it, and as it is inside: minor units, never a float."""

from google.type.money_pb2 import Money

# ISO 4217: currencies whose minor unit is not the hundredth part.
_WITHOUT_MINOR = frozenset({
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF",
})  # fmt: skip
_IN_THOUSANDTHS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
_NANOS = 1_000_000_000
MOST = 1_000_000  # of the major unit


def _nanos_of_minor(currency: str) -> int:
    return _NANOS if currency in _WITHOUT_MINOR else _NANOS // 1000 if currency in _IN_THOUSANDTHS else _NANOS // 100


def money_message(currency: str, minor: int) -> Money:
    units, nanos = divmod(minor * _nanos_of_minor(currency), _NANOS)
    return Money(currency_code=currency, units=units, nanos=nanos)


def minor_units(money: Money) -> int:
    """ValueError, with what is wrong, for what is no price."""
    if len(money.currency_code) != 3 or not (money.currency_code.isascii() and money.currency_code.isupper()):
        raise ValueError("needs the code of a currency, such as EUR")
    if money.units < 0 or money.nanos < 0 or money.nanos >= _NANOS:
        raise ValueError("must not be negative, and nanos are less than a unit")
    if money.units > MOST:
        raise ValueError(f"must be at most {MOST:,}")
    minor, rest = divmod(int(money.units) * _NANOS + int(money.nanos), _nanos_of_minor(money.currency_code))
    if rest:
        raise ValueError(f"must be whole minor units of {money.currency_code}")
    return minor
