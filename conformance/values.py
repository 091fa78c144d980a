"""What a case computes with while it is traced: values that have a type but no numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn, Protocol

from conformance import aliases, ops
from conformance.errors import BranchError, CaseError, Location
from conformance.typing_rules import TensorType

_MASK = "`==` states a closed form of a result; to compare elementwise write xp.equal(a, b)"
_OPAQUE = ("write xp.sin(x) rather than np.sin(x), and xp.stack([a, b]) rather than an array of "
           "values")


class Recorder(Protocol):
    """Where values come from: `tracing.Builder`."""

    def type_of(self, index: int) -> TensorType: ...

    def apply(self, name: str, operands: tuple[Any, ...], keywords: dict[str, Any]) -> Value: ...

    def line(self) -> Location | None: ...


class Value:
    """A node under construction, with Python's operators; it has a type but no numbers."""

    __slots__ = ("builder", "index")

    def __init__(self, builder: Recorder, index: int) -> None:
        self.builder = builder
        self.index = index

    @property
    def type(self) -> TensorType:
        return self.builder.type_of(self.index)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.type.shape

    @property
    def ndim(self) -> int:
        return len(self.type.shape)

    @property
    def size(self) -> int:
        return self.type.size

    @property
    def dtype(self) -> str:
        return self.type.dtype

    @property
    def mT(self) -> Value:
        return self.builder.apply("matrix_transpose", (self,), {})

    @property
    def T(self) -> Value:
        if self.ndim != 2:
            raise CaseError(f".T wants 2 dimensions, got {self.type}; write xp.permute_dims(x, "
                            "axes), or x.mT for the last two", self.builder.line())
        return self.mT

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):  # Python and NumPy ask for those
            raise AttributeError(name)
        callable_ = name in ops.CATALOGUE and ops.CATALOGUE[name].group != "core"
        remedy = f"write xp.{name}(x)" if callable_ else aliases.hint(name)
        raise CaseError(f"a traced value has no attribute {name!r}; "
                        f"{remedy or 'it has shape, ndim, size, dtype, T and mT'}",
                        self.builder.line())

    def __getitem__(self, index: Any) -> Value:
        parts = index if isinstance(index, tuple) else (index,)
        return self.builder.apply("getitem", (self,), {"index": parts})

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise CaseError("values cannot be assigned to; build a new one with xp.where, xp.concat "
                        "or xp.stack", self.builder.line())

    def __len__(self) -> int:
        if not self.shape:
            raise CaseError(f"a {self.type} has no length and no rows; give it a dimension, or "
                            "leave the loop out", self.builder.line())
        return self.shape[0]

    def __iter__(self) -> Iterator[Value]:
        return (self[i] for i in range(len(self)))

    def __pos__(self) -> Value:
        return self

    def __eq__(self, other: Any) -> Claim:  # type: ignore[override]
        return Claim(self, other, self.builder.line())

    def __ne__(self, other: Any) -> NoReturn:  # type: ignore[override]
        raise CaseError("to compare elementwise write xp.not_equal(a, b)", self.builder.line())

    __hash__ = object.__hash__

    def _refuse(self, use: str, remedy: str) -> NoReturn:
        raise BranchError(
            f"{use}, but a traced {self.type} has no value yet: a case is traced once, before any "
            f"input is known; {remedy}", self.builder.line())

    def __bool__(self) -> NoReturn:
        self._refuse("this branches (`if`, `while`, `and`, `assert`, `max`, a < b < c)",
                     "write xp.where(condition, a, b), xp.maximum(a, b)")

    def __index__(self) -> NoReturn:
        self._refuse("this counts or indexes with a number",
                     "write the number, or take it from x.shape")

    def _number(self, *_: Any) -> NoReturn:
        self._refuse("this needs a number (float, int, round, math)",
                     "write xp.sin(x) rather than math.sin(x), and no float() or int()")

    __float__ = __int__ = __complex__ = __round__ = __trunc__ = __floor__ = __ceil__ = _number

    # --- NumPy: an array on the left of an operator is an operand, a NumPy function is an error ---

    def __array_ufunc__(self, ufunc: Any, method: str, *operands: Any, **keywords: Any) -> Any:
        name = _UFUNCS.get(ufunc.__name__)
        if method != "__call__" or name is None or keywords:
            self._opaque(ufunc.__name__)
        if name == "equal":
            return Claim(self, next(o for o in operands if o is not self), self.builder.line())
        return self.builder.apply(name, operands, {})

    def __array_function__(self, function: Any, *_: Any) -> NoReturn:
        self._opaque(function.__name__)

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise CaseError(f"NumPy cannot see inside a traced value; {_OPAQUE}", self.builder.line())

    def _opaque(self, name: str) -> NoReturn:
        remedy = f"write xp.{name}" if name in ops.CATALOGUE else aliases.hint(name) or _OPAQUE
        raise CaseError(f"np.{name} cannot see inside a traced value; {remedy}",
                        self.builder.line())

    def __format__(self, _: str) -> str:
        return repr(self)

    def __repr__(self) -> str:
        return f"<traced {self.type}>"


class Claim:
    """`derivative == closed form`, as a case returns it."""

    def __init__(self, value: Value, closed_form: Any, where: Location | None = None) -> None:
        self.value = value
        self.closed_form = closed_form
        self.where = where

    def misused(self, *_: Any) -> NoReturn:
        """What every operator on a claim does."""
        raise CaseError(_MASK, self.value.builder.line())

    __bool__ = __getitem__ = __iter__ = __array__ = __array_ufunc__ = misused
    __eq__ = __ne__ = misused  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{self.value!r} == closed form>"


_BINARY = {"add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "pow": "pow",
           "matmul": "matmul"}
_UNARY = {"neg": "negative", "abs": "abs"}
_ORDER = {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal"}
_MISSING = {"floordiv": "//", "mod": "%", "divmod": "divmod()", "lshift": "<<", "rshift": ">>",
            "and": "&", "or": "|", "xor": "^"}
# what NumPy calls when one of its arrays is on the left
_UFUNCS = {"add": "add", "subtract": "subtract", "multiply": "multiply", "divide": "divide",
           "true_divide": "divide", "power": "pow", "matmul": "matmul", "less": "less",
           "less_equal": "less_equal", "greater": "greater", "greater_equal": "greater_equal",
           "equal": "equal"}


def _operator(name: str, reflected: bool = False) -> Callable[..., Value]:
    def method(self: Value, *others: Any) -> Value:
        operands = (*others, self) if reflected else (self, *others)
        return self.builder.apply(name, operands, {})

    return method


def _missing(symbol: str) -> Callable[..., NoReturn]:
    remedy = "write xp.where inside xp.where" if symbol in "&|^~" else (
        "conformance/catalogue lists the operators that there are")

    def method(self: Value, *_: Any) -> NoReturn:
        raise CaseError(f"traced values have no {symbol}; {remedy}", self.builder.line())

    return method


for _symbol, _name in {**_BINARY, **_UNARY, **_ORDER}.items():
    setattr(Value, f"__{_symbol}__", _operator(_name))
    setattr(Claim, f"__{_symbol}__", Claim.misused)
for _symbol, _name in _BINARY.items():
    setattr(Value, f"__r{_symbol}__", _operator(_name, reflected=True))
    setattr(Claim, f"__r{_symbol}__", Claim.misused)
for _symbol, _name in _MISSING.items():
    setattr(Value, f"__{_symbol}__", _missing(_name))
    setattr(Value, f"__r{_symbol}__", _missing(_name))
    setattr(Claim, f"__{_symbol}__", Claim.misused)
    setattr(Claim, f"__r{_symbol}__", Claim.misused)
setattr(Value, "__invert__", _missing("~"))  # noqa: B010 - with its neighbours
setattr(Claim, "__invert__", Claim.misused)  # noqa: B010
