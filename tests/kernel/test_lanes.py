"""Row arithmetic in vector instructions equals the same in NumPy, at any offset and width."""

import numpy as np
import pytest

from outcomes.kernel.compiled import compiled
from outcomes.kernel.lanes import add, add_outer, combine, multiply, scale, total


@compiled
def every_operation(a, b, matrix, out, lanes):
    multiply(out, 0, a, 1, b, 2, lanes)
    scale(out, 20, a, 1, 3.0, lanes)
    add(out, 40, a, 1, lanes)
    add(out, 40, b, 2, lanes)
    combine(out, 60, a, 1, matrix, 3, lanes)
    add_outer(out, 80, a, 1, b, 2, lanes)
    return total(a, 1, lanes)


@pytest.mark.parametrize("width", [4, 8, 12])
def test_every_operation_equals_numpy(width):
    rng = np.random.default_rng(width)
    a, b, matrix = rng.normal(size=20), rng.normal(size=20), rng.normal(size=3 + width * width)
    out = np.zeros(80 + width * width)
    x, y, m = a[1 : 1 + width], b[2 : 2 + width], matrix[3:].reshape(width, width)
    assert every_operation(a, b, matrix, out, (0,) * width) == pytest.approx(x.sum())
    np.testing.assert_allclose(out[:width], x * y)
    np.testing.assert_allclose(out[20 : 20 + width], 3 * x)
    np.testing.assert_allclose(out[40 : 40 + width], x + y)
    np.testing.assert_allclose(out[60 : 60 + width], x @ m)
    np.testing.assert_allclose(out[80:].reshape(width, width), np.outer(x, y))
