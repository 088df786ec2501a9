"""CEL, the Common Expression Language: what rule conditions are written in.

`compile` checks an expression against the declared types of the facts and turns it into a `Program`, whose
`evaluate` returns a value or UNKNOWN, and whose `explain` says why.

It is the language of the definition without messages, optional values and user functions, and with these choices:

- A fact that is missing, None, or not of its declared type is UNKNOWN, and so is an operation without a result; `&&`,
  `||`, `all`, `exists` and `exists_one` forget an unknown part where another one decides.
- `filter`, `map` and list literals keep an unknown element as one that may be there: `size` of such a list, and an
  element after it, are UNKNOWN.
- Types are checked at load and strictly: both results of `?:` have one type, `&&` joins bools. Numbers of different
  kinds may be compared but not added.
- Moments and durations have microseconds. A set is a list in its natural order.

Source: the language definition at https://github.com/google/cel-spec; IP and CIDR functions as in Kubernetes.
"""

from rules.cel.errors import CelError, Message
from rules.cel.program import BUDGET, Env, Explanation, Program, compile
from rules.cel.records import record_of
from rules.cel.show import show
from rules.cel.trace import Step
from rules.cel.types import (
    BOOL,
    BYTES,
    CIDR,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    IP,
    NULL,
    STRING,
    TIMESTAMP,
    UINT,
    ListOf,
    MapOf,
    Record,
    Type,
)
from rules.cel.values import UNKNOWN, UInt

__all__ = [
    "BOOL",
    "BUDGET",
    "BYTES",
    "CIDR",
    "DOUBLE",
    "DURATION",
    "DYN",
    "INT",
    "IP",
    "NULL",
    "STRING",
    "TIMESTAMP",
    "UINT",
    "UNKNOWN",
    "CelError",
    "Env",
    "Explanation",
    "ListOf",
    "MapOf",
    "Message",
    "Program",
    "Record",
    "Step",
    "Type",
    "UInt",
    "compile",
    "record_of",
    "show",
]
