"""Thrift's compact protocol, in which a Parquet file ends with what it holds and where.

Read without knowing what a field means, and written again byte for byte. Whole numbers are numbers, texts are bytes, a
list is the type of its elements and these, and a structure is a list of fields.
"""

from dataclasses import dataclass
from typing import Any

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)


@dataclass
class Field:
    """One field of a structure: its number, its type in the protocol, and its value."""

    number: int
    kind: int
    value: Any


Struct = list[Field]


def value_of(struct: Struct, number: int) -> Any:
    """Return the value of a field that must be there."""
    return next(field.value for field in struct if field.number == number)


def read_struct(data: bytes) -> Struct:
    """Return the structure that some bytes begin with."""
    return _Reader(data).struct()


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def struct(self) -> Struct:
        found: Struct = []
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._number()
            found.append(Field(number, head & 15, self._value(head & 15)))
        return found

    def _value(self, kind: int) -> Any:
        if kind in (_TRUE, _FALSE):
            return kind == _TRUE
        if kind in (_I16, _I32, _I64):
            return self._number()
        if kind == _STRUCT:
            return self.struct()
        if kind in (_LIST, _SET):
            head = self._byte()
            size = head >> 4 if head >> 4 < 15 else self._varint()
            # An element that is true or false takes a byte, a field that is one takes none.
            one = self._byte if head & 15 in (_TRUE, _FALSE, _BYTE) else lambda: self._value(head & 15)
            return head & 15, [one() for _ in range(size)]
        if kind in (_BYTE, _DOUBLE, _BINARY):
            return self._take({_BYTE: 1, _DOUBLE: 8}.get(kind) or self._varint())
        raise ValueError(f"a Parquet file ends with a field of type {kind}, which none is known to have")

    def _byte(self) -> int:
        return self._take(1)[0]

    def _take(self, size: int) -> bytes:
        self._at += size
        return self._data[self._at - size : self._at]

    def _varint(self) -> int:
        found = shift = 0
        while (byte := self._byte()) & 128:
            found, shift = found | (byte & 127) << shift, shift + 7
        return found | byte << shift

    def _number(self) -> int:
        zigzag = self._varint()
        return zigzag >> 1 ^ -(zigzag & 1)


def written(struct: Struct) -> bytes:
    """Return a structure as bytes."""
    out = bytearray()
    last = 0
    for field in struct:
        step = field.number - last
        short = 0 < step < 16
        out.append((step if short else 0) << 4 | field.kind)
        out += b"" if short else _number(field.number)
        out += _value(field.kind, field.value)
        last = field.number
    return bytes(out + b"\0")


def _value(kind: int, value: Any) -> bytes:
    if kind in (_TRUE, _FALSE):
        return b""
    if kind in (_I16, _I32, _I64):
        return _number(value)
    if kind == _STRUCT:
        return written(value)
    if kind in (_LIST, _SET):
        element, values = value
        head = bytes([min(len(values), 15) << 4 | element]) + (_varint(len(values)) if len(values) > 14 else b"")
        if element in (_TRUE, _FALSE, _BYTE):
            return head + bytes(values)
        return head + b"".join(_value(element, one) for one in values)
    return bytes(value) if kind in (_BYTE, _DOUBLE) else _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _number(value: int) -> bytes:
    return _varint(value << 1 if value >= 0 else (-value << 1) - 1)
