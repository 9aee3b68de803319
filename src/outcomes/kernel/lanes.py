"""Arithmetic on one row of states at a time, as vector instructions.

LLVM does not turn short loops over array rows into vector code, because two arrays might overlap. These few operations
are
therefore written for LLVM directly: rows of a fixed width, taken from flat arrays at a stated offset. The width
travels as the
length of a tuple (``lanes``), which the compiler knows. Nothing checks bounds: callers are `latent_markov_passes` only.
"""

# ruff: noqa: ANN401, PLR0917, DOC201  numba calls intrinsics by position, with untyped objects

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

DOUBLE = ir.DoubleType()
CHAINS = 2  # sums kept apart, so that one addition need not wait for the last


def _row(context: Any, builder: Any, kind: Any, array: Any, offset: Any, width: int) -> Any:
    data = cgutils.create_struct_proxy(kind)(context, builder, value=array).data
    return builder.bitcast(builder.gep(data, [offset]), ir.VectorType(DOUBLE, width).as_pointer())


def _load(builder: Any, row: Any) -> Any:
    return builder.load(row, align=8)


def _element(context: Any, builder: Any, kind: Any, array: Any, offset: Any, number: int) -> Any:
    data = cgutils.create_struct_proxy(kind)(context, builder, value=array).data
    return builder.load(builder.gep(data, [builder.add(offset, ir.Constant(offset.type, number))]))


def _spread(builder: Any, value: Any, width: int) -> Any:
    vector = ir.VectorType(DOUBLE, width)
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), width), [0] * width)
    return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), zeros)


FAST = ("reassoc", "contract", "nsz")


@intrinsic  # type: ignore[untyped-decorator]
def multiply(typing: Any, out: Any, o: Any, a: Any, i: Any, b: Any, j: Any, lanes: Any) -> Any:
    """Write ``out[o:o+w] = a[i:i+w] * b[j:j+w]``."""
    width = len(lanes)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        left = _load(builder, _row(context, builder, kinds[2], arguments[2], arguments[3], width))
        right = _load(builder, _row(context, builder, kinds[4], arguments[4], arguments[5], width))
        target = _row(context, builder, kinds[0], arguments[0], arguments[1], width)
        builder.store(builder.fmul(left, right, flags=FAST), target, align=8)
        return context.get_dummy_value()

    return types.void(out, types.intp, a, types.intp, b, types.intp, lanes), generate


@intrinsic  # type: ignore[untyped-decorator]
def scale(typing: Any, out: Any, o: Any, a: Any, i: Any, factor: Any, lanes: Any) -> Any:
    """Write ``out[o:o+w] = a[i:i+w] * factor``."""
    width = len(lanes)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        left = _load(builder, _row(context, builder, kinds[2], arguments[2], arguments[3], width))
        target = _row(context, builder, kinds[0], arguments[0], arguments[1], width)
        builder.store(builder.fmul(left, _spread(builder, arguments[4], width), flags=FAST), target, align=8)
        return context.get_dummy_value()

    return types.void(out, types.intp, a, types.intp, types.float64, lanes), generate


@intrinsic  # type: ignore[untyped-decorator]
def add(typing: Any, out: Any, o: Any, a: Any, i: Any, lanes: Any) -> Any:
    """Write ``out[o:o+w] += a[i:i+w]``."""
    width = len(lanes)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        target = _row(context, builder, kinds[0], arguments[0], arguments[1], width)
        more = _load(builder, _row(context, builder, kinds[2], arguments[2], arguments[3], width))
        builder.store(builder.fadd(_load(builder, target), more, flags=FAST), target, align=8)
        return context.get_dummy_value()

    return types.void(out, types.intp, a, types.intp, lanes), generate


@intrinsic  # type: ignore[untyped-decorator]
def combine(typing: Any, out: Any, o: Any, x: Any, i: Any, matrix: Any, j: Any, lanes: Any) -> Any:
    """Write ``out[o:o+w] = sum over k of x[i+k] * matrix[j+k*w : j+(k+1)*w]``."""
    width = len(lanes)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        totals = []
        for k in range(width):
            value = _spread(builder, _element(context, builder, kinds[2], arguments[2], arguments[3], k), width)
            offset = builder.add(arguments[5], ir.Constant(arguments[5].type, k * width))
            row = _load(builder, _row(context, builder, kinds[4], arguments[4], offset, width))
            product = builder.fmul(value, row, flags=FAST)
            chain = k % CHAINS
            if chain == k:
                totals.append(product)
            else:
                totals[chain] = builder.fadd(totals[chain], product, flags=FAST)
        target = _row(context, builder, kinds[0], arguments[0], arguments[1], width)
        builder.store(builder.fadd(totals[0], totals[1], flags=FAST), target, align=8)
        return context.get_dummy_value()

    return types.void(out, types.intp, x, types.intp, matrix, types.intp, lanes), generate


@intrinsic  # type: ignore[untyped-decorator]
def add_outer(typing: Any, matrix: Any, j: Any, x: Any, i: Any, y: Any, h: Any, lanes: Any) -> Any:
    """Write ``matrix[j+k*w : j+(k+1)*w] += x[i+k] * y[h:h+w]`` for every k."""
    width = len(lanes)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        right = _load(builder, _row(context, builder, kinds[4], arguments[4], arguments[5], width))
        for k in range(width):
            value = _spread(builder, _element(context, builder, kinds[2], arguments[2], arguments[3], k), width)
            offset = builder.add(arguments[1], ir.Constant(arguments[1].type, k * width))
            target = _row(context, builder, kinds[0], arguments[0], offset, width)
            product = builder.fmul(value, right, flags=FAST)
            builder.store(builder.fadd(_load(builder, target), product, flags=FAST), target, align=8)
        return context.get_dummy_value()

    return types.void(matrix, types.intp, x, types.intp, y, types.intp, lanes), generate


@intrinsic  # type: ignore[untyped-decorator]
def total(typing: Any, a: Any, i: Any, lanes: Any) -> Any:
    """Return the sum of ``a[i:i+w]``, added pairwise."""
    width = len(lanes)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        parts = [_element(context, builder, signature.args[0], arguments[0], arguments[1], k) for k in range(width)]
        while len(parts) > 1:
            pairs = zip(parts[::2], parts[1::2], strict=False)
            parts = [builder.fadd(left, right, flags=FAST) for left, right in pairs] + parts[len(parts) // 2 * 2 :]
        return parts[0]

    return types.float64(a, types.intp, lanes), generate
