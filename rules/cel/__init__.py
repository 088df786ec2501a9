"""CEL, the Common Expression Language: what rule conditions are written in.

`compile` checks an expression against the declared types of the facts and turns it into a `Program`, whose
`evaluate` returns a value or UNKNOWN, and whose `explain` says why.

Source: the language definition at https://github.com/google/cel-spec; IP and CIDR functions as in Kubernetes.
"""

from rules.cel.errors import CelError, Message
from rules.cel.program import BUDGET, Env, Explanation, Program, compile
from rules.cel.records import record_of
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
]
