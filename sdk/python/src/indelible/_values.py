"""What the generated categories are made of, and how their values become JSON."""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime
import functools
import json
import typing
import uuid
from typing import Any, Callable, ClassVar, Dict, Literal, Mapping, Optional, Tuple, Type, TypeVar

__all__ = ["Category", "Datetime", "Literal", "Result", "Struct", "Union", "Uuid", "encode", "wire"]

Datetime = typing.Union[datetime.datetime, str]
"""A time with its zone, or its text by RFC 3339."""
Uuid = typing.Union[uuid.UUID, str]

INTEGER_MAX = 2**53 - 1
"""Beyond it JSON readers disagree, and the server refuses."""
DEPTH_MAX = 56
"""Values of an event may be nested this deep; the server's limit of 64 counts the event around them too."""

Self = TypeVar("Self", bound="Union")


class Struct:
    """A value with named members. The constructor checks their types, all the way down."""

    def __post_init__(self) -> None:
        hints = _hints_of(self)
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if value is None and field.default is None:
                continue
            _check(value, hints[field.name], f"{type(self).__name__}.{field.name}")


class Category(Struct):
    """A category of an event, with its request fields."""

    NAME: ClassVar[str]
    RESULT: ClassVar[Optional[Type[Result]]] = None

    @classmethod
    def demands_results(cls) -> bool:
        """Whether a success of this category cannot do without results."""
        return cls.RESULT is not None and any(_is_required(field) for field in dataclasses.fields(cls.RESULT))  # type: ignore[arg-type]


class Result(Struct):
    """What came of an event, for one of its categories."""

    CATEGORY: ClassVar[str]


class Union:
    """One of several variants; made by the class methods."""

    __slots__ = ("variant", "value")

    variant: str
    value: Any

    @classmethod
    def _of(cls: Type[Self], variant: str, value: Any, constructor: Callable[..., Any]) -> Self:
        _check(value, _parameter(getattr(constructor, "__func__")), f"{cls.__name__}.{variant}")
        made = cls.__new__(cls)
        object.__setattr__(made, "variant", variant)
        object.__setattr__(made, "value", value)
        return made

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} does not change")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.variant == getattr(other, "variant") and self.value == getattr(other, "value")

    def __hash__(self) -> int:
        return hash((type(self), self.variant, repr(self.value)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.variant}({self.value!r})"


def wire(value: Any, depth: int = 0) -> Any:
    """`value` as what `json` can write. Raises `TypeError` or `ValueError` for what the server would refuse."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if depth > DEPTH_MAX:
        raise ValueError(f"values of an audit event may be nested {DEPTH_MAX} deep")
    if isinstance(value, (int, float)):
        # Also false for NaN.
        if not -INTEGER_MAX <= value <= INTEGER_MAX:
            raise ValueError(f"{value} is beyond what JSON readers agree on; send it as a string")
        return value
    if isinstance(value, Struct):
        return fields_of(value, depth)
    if isinstance(value, Union):
        return {"type": value.variant, value.variant: wire(value.value, depth + 1)}
    if isinstance(value, collections.abc.Mapping):
        if not all(isinstance(name, str) for name in value):
            raise TypeError("the names of a JSON object are strings")
        return {name: wire(member, depth + 1) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [wire(element, depth + 1) for element in value]
    if isinstance(value, datetime.datetime):
        return _time(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


def fields_of(struct: Struct, depth: int = 0) -> Dict[str, Any]:
    """The members under the names of the catalogue, without those that are absent."""
    out: Dict[str, Any] = {}
    hints = _hints_of(struct)
    for field in dataclasses.fields(struct):  # type: ignore[arg-type]
        value = getattr(struct, field.name)
        # Where any JSON goes, None is null.
        is_absent = value is None and (field.default is None or hints[field.name] is not Any)
        if not is_absent and (_is_required(field) or not _is_empty(value)):
            out[camel(field.name)] = wire(value, depth + 1)
    return out


def encode(value: Any) -> bytes:
    """JSON without line breaks, in UTF-8. Halves of surrogate pairs become U+FFFD."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def camel(name: str) -> str:
    """`downloaded_size` to `downloadedSize`."""
    first, *others = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)


def _time(value: datetime.datetime) -> str:
    if value.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return value.astimezone(datetime.timezone.utc).isoformat().replace("+00:00", "Z")


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _is_empty(value: Any) -> bool:
    return isinstance(value, (list, tuple, collections.abc.Mapping)) and not value


def _hints_of(struct: Struct) -> Mapping[str, Any]:
    cls: type = type(struct)
    return _hints(cls)


@functools.lru_cache(maxsize=None)
def _hints(cls: type) -> Mapping[str, Any]:
    return typing.get_type_hints(cls)


@functools.lru_cache(maxsize=None)
def _parameter(constructor: Callable[..., Any]) -> Any:
    return typing.get_type_hints(constructor)["value"]


_PLAIN: Mapping[Any, Tuple[type, ...]] = {str: (str,), bool: (bool,), int: (int,), float: (int, float)}


def _check(value: Any, hint: Any, at: str) -> None:
    """Raises `TypeError` unless `value` is of the type that `hint` says."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        wire(value)
    elif hint in _PLAIN:
        if not isinstance(value, _PLAIN[hint]) or (isinstance(value, bool) and hint is not bool):
            raise _mismatch(value, hint.__name__, at)
        wire(value)
    elif origin is Literal:
        if value not in arguments:
            raise _mismatch(value, " or ".join(map(repr, arguments)), at)
    elif origin is typing.Union:
        if not (value is None and type(None) in arguments):
            _check_one_of(value, [argument for argument in arguments if argument is not type(None)], at)
    elif origin is collections.abc.Sequence:
        if not isinstance(value, (list, tuple)):
            raise _mismatch(value, "list", at)
        for index, element in enumerate(value):
            _check(element, arguments[0], f"{at}[{index}]")
    elif origin is collections.abc.Mapping:
        if not isinstance(value, collections.abc.Mapping):
            raise _mismatch(value, "mapping", at)
        for name, member in value.items():
            _check(name, str, at)
            _check(member, arguments[1], f"{at}[{name!r}]")
    elif not isinstance(value, hint):
        raise _mismatch(value, hint.__name__, at)


def _check_one_of(value: Any, hints: typing.List[Any], at: str) -> None:
    if len(hints) == 1:
        return _check(value, hints[0], at)
    if not isinstance(value, tuple(hints)):
        raise _mismatch(value, " or ".join(hint.__name__ for hint in hints), at)
    wire(value)


def _mismatch(value: Any, expected: str, at: str) -> TypeError:
    # Without the value: the message may be logged.
    return TypeError(f"{at} must be {expected}, not {type(value).__name__}")
