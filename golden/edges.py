"""Writes edges.json and edges.safetensors beside it: where gradients have edges, what PyTorch does there.

Ties, zeros, bounds, exponents of 0, NaN and infinities, empty and zero-dimensional tensors, repeated
indices, broadcasting on both sides. Run it with a Python that has torch and safetensors.
"""

import json
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

nan, inf = float("nan"), float("inf")
cases, tensors = [], {}


def t(values):
    return torch.tensor(values, dtype=torch.float64)


def i(values):
    return torch.tensor(values, dtype=torch.int64)


def m(values):
    return torch.tensor(values, dtype=torch.uint8)


def case(op, f, inputs, second=False, **args):
    """A case of `op`, which is `f` in PyTorch; gradients of outputs count 1, -2, 3, -4, …"""
    name = f"{op}.{sum(c['op'] == op for c in cases)}"
    leaves = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
    outputs = f(*leaves)
    outputs = list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]
    for k, x in enumerate(inputs):
        tensors[f"{name}/in.{k}"] = x.clone().contiguous()
    roots, grads = [], []
    for k, y in enumerate(outputs):
        tensors[f"{name}/out.{k}"] = y.detach().clone().contiguous()
        if y.requires_grad:
            n = torch.arange(1, y.numel() + 1, dtype=y.dtype)
            g = (n * (-1) ** (n + 1)).reshape(y.shape)
            tensors[f"{name}/grad_out.{k}"] = g
            roots.append(y)
            grads.append(g)
    reals = [(k, x) for k, x in enumerate(leaves) if x.requires_grad]
    found = torch.autograd.grad(roots, [x for _, x in reals], grads, allow_unused=True, create_graph=second)
    for (k, _), g in zip(reals, found):
        if g is not None:
            tensors[f"{name}/grad.{k}"] = g.detach().clone().contiguous()
    entry = {"name": name, "op": op, "args": args, "inputs": len(inputs), "outputs": len(outputs)}
    entry |= {"dtype": "float64", "rtol": 1e-9, "atol": 1e-11}
    if second:
        total = sum((g * g).sum() for g in found if g is not None)
        twice = [None] * len(reals)
        if total.requires_grad:
            twice = torch.autograd.grad(total, [x for _, x in reals], allow_unused=True)
        for (k, x), g in zip(reals, twice):
            tensors[f"{name}/grad2.{k}"] = torch.zeros_like(x) if g is None else g.clone().contiguous()
        entry["double_backward"] = "sum of squares of the input gradients"
    cases.append(entry)


ties = t([[3.0, 1.0, 3.0], [2.0, 2.0, 2.0]])
odd = t([[3.0, nan, 1.0], [2.0, 5.0, 5.0]])
special = t([nan, inf, -inf, 0.0, -0.0, 1.5, -2.5, 3.0])
empty = torch.zeros((2, 0), dtype=torch.float64)
number = t(2.5)

# The largest and smallest.
for x in (ties, odd, number):
    for op in ("max", "min", "median"):
        case(op, getattr(torch, op), [x])
for x in (ties, odd):
    for op in ("amax", "amin"):
        for dim in ([0], [1], [0, 1], []):
            for keepdim in (False, True):
                case(op, lambda x: getattr(x, op)(dim, keepdim), [x], dim=dim, keepdim=keepdim)
    for op in ("max_dim", "min_dim"):
        case(op, lambda x: getattr(x, op[:3])(1, True), [x], dim=1, keepdim=True)
    case("median_dim", lambda x: x.median(1), [x], dim=1, keepdim=False)
    for dim in (0, 1):
        for op in ("cummax", "cummin"):
            case(op, lambda x: getattr(torch, op)(x, dim), [x], dim=dim)
case("kthvalue", lambda x: x.kthvalue(2, 1), [t([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]])], k=2, dim=1, keepdim=False)
case("mode", lambda x: x.mode(1), [t([[3.0, 1.0, 3.0], [4.0, 4.0, 2.0]])], dim=1, keepdim=False)
for descending in (False, True):
    case("sort", lambda x: x.sort(dim=1, descending=descending, stable=True), [ties], dim=1, descending=descending)
case("sort", lambda x: x.sort(dim=0, descending=False), [number], dim=0, descending=False)
case("topk", lambda x: x.topk(2, 1), [t([[3.0, 1.0, 2.0]])], k=2, dim=1)
case("cummax", lambda x: torch.cummax(x, 0), [number], dim=0)
for op in ("maximum", "minimum", "fmax", "fmin"):
    case(op, getattr(torch, op), [t([1.0, 2.0, nan, 3.0, nan]), t([1.0, 3.0, 1.0, nan, nan])])
    case(op, getattr(torch, op), [ties, t([[2.0], [2.0]])])
    case(op, getattr(torch, op), [number, t([2.5, 1.0])])

# Bounds.
bounds = t([-2.0, -1.0, 0.0, 1.0, 2.0, nan, inf, -inf])
case("clamp", lambda x: x.clamp(-1, 1), [bounds], min=-1.0, max=1.0)
case("clamp", lambda x: x.clamp(min=0), [bounds], min=0.0)
case("clamp", lambda x: x.clamp(max=0), [bounds], max=0.0)
case("clamp", lambda x: x.clamp(1, -1), [bounds], min=1.0, max=-1.0)
case("hardtanh", F.hardtanh, [bounds])
case("relu", F.relu, [bounds])
case("leaky_relu", lambda x: F.leaky_relu(x, 0.1), [bounds], negative_slope=0.1)
case("leaky_relu", lambda x: F.leaky_relu(x, -0.5), [bounds[:5]], negative_slope=-0.5)
case("abs", torch.abs, [bounds[:5]])
case("sign", torch.sign, [bounds[:5]])
case("round", torch.round, [t([0.5, 1.5, -0.5, nan, inf])])
case("frac", torch.frac, [t([0.5, -1.5, 2.0, -0.0])])
case("relu6", F.relu6, [t([-1.0, 0.0, 3.0, 6.0, 7.0, nan])])
case("hardsigmoid", F.hardsigmoid, [t([-4.0, -3.0, 0.0, 3.0, 4.0])])
case("hardswish", F.hardswish, [t([-4.0, -3.0, 0.0, 3.0, 4.0])])
case("elu", F.elu, [t([-1000.0, -1.0, 0.0, 1.0, 1000.0, nan])])
case("selu", F.selu, [t([-1000.0, -1.0, 0.0, 1.0, 1000.0])])
case("celu", F.celu, [t([-1000.0, -1.0, 0.0, 1.0, 1000.0, nan])])
case("celu", lambda x: F.celu(x, 0.5), [t([-2.0, -0.3, 0.7])], second=True, alpha=0.5)
case("softplus", F.softplus, [t([-1000.0, -1.0, 0.0, 20.0, 20.5, 1000.0])])
case("softplus", lambda x: F.softplus(x, 2.0, 3.0), [t([-2.0, 1.5, 1.6, 4.0])], beta=2.0, threshold=3.0)
case("logsigmoid", F.logsigmoid, [t([-1000.0, -1.0, 0.0, 1000.0])])
case("sigmoid", torch.sigmoid, [t([-1000.0, 0.0, 1000.0])])
case("silu", F.silu, [t([-1000.0, 0.0, 1000.0])])
case("mish", F.mish, [t([-1000.0, 0.0, 1000.0])])
case("gelu", F.gelu, [t([-1000.0, 0.0, 1000.0])])
case("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), [t([-100.0, 0.0, 100.0])])
case("softsign", F.softsign, [t([-1000.0, 0.0, 1000.0])])
case("tanh", torch.tanh, [t([-1000.0, 0.0, 1000.0, nan])])
case("nan_to_num", lambda x: x.nan_to_num(9.0), [special], nan=9.0)
case("masked_fill", lambda x, k: x.masked_fill(k.bool(), 7.0), [special[:4], m([1, 1, 0, 0])], value=7.0)
case("masked_fill", lambda x, k: x.masked_fill(k.bool(), 7.0), [ties, m([[1], [0]])], value=7.0)

# Zeros, and powers.
zeros = t([[0.0, 2.0, 3.0], [0.0, 0.0, 4.0], [1.0, 2.0, 3.0]])
case("prod", torch.prod, [zeros], second=True)
case("prod", torch.prod, [zeros[2]], second=True)
case("prod", torch.prod, [zeros[0]], second=True)
case("prod", torch.prod, [number])
case("prod", torch.prod, [empty])
for x in (zeros, t([[0.0, nan, 3.0]])):
    for dim in (0, 1, -1):
        for keepdim in (False, True):
            case("prod", lambda x: x.prod(dim, keepdim), [x], dim=[dim], keepdim=keepdim)
case("prod", lambda x: x.prod(1), [empty], dim=[1], keepdim=False)
case("cumprod", lambda x: x.cumprod(1), [zeros], dim=1, second=True)
case("cumprod", lambda x: x.cumprod(0), [zeros], dim=0, second=True)
case("cumprod", lambda x: x.cumprod(1), [empty], dim=1)
case("cumprod", lambda x: x.cumprod(0), [number], dim=0)
case("cumsum", lambda x: x.cumsum(1), [empty], dim=1)
case("cumsum", lambda x: x.cumsum(-1), [number], dim=-1)
for p in (0.0, 0.5, 1.0, 2.0, 3.0, -1.0):
    case("powf", lambda x: x.pow(p), [t([0.0, 1.0, 4.0, nan])], exponent=p)
for p in (0.0, 1.0, 2.0, 3.0):
    case("powf", lambda x: x.pow(p), [t([0.0, -2.0, 3.0])], exponent=p, second=True)
case("pow", torch.pow, [t([0.0, 0.0, 0.0, 2.0, -2.0, 1.0]), t([0.0, 2.0, 1.0, 0.0, 2.0, 0.0])])
case("pow", torch.pow, [t([[0.0], [2.0]]), t([[0.0, 3.0, 0.5]])])
case("pow", torch.pow, [t([0.0, 0.0]), t([-1.0, 0.0])])
case("pow", torch.pow, [number, t([0.0, 1.0])])
case("square", torch.square, [t([0.0, -0.0, inf])])
case("sqrt", torch.sqrt, [t([0.0, 4.0, -1.0])])
case("rsqrt", torch.rsqrt, [t([0.0, 4.0])])
case("reciprocal", torch.reciprocal, [t([0.0, 4.0, -0.0])])
case("log", torch.log, [t([0.0, 1.0, -1.0])])
case("log1p", torch.log1p, [t([-1.0, 0.0, 1e-20])])
case("log2", torch.log2, [t([0.0, 8.0])])
case("log10", torch.log10, [t([0.0, 1000.0])])
case("exp", torch.exp, [t([-inf, 0.0, 1000.0])])
case("expm1", torch.expm1, [t([-inf, 0.0, 1e-20])])
case("asin", torch.asin, [t([-1.0, 0.0, 1.0])])
case("acos", torch.acos, [t([-1.0, 0.0, 1.0])])
case("acosh", torch.acosh, [t([1.0, 2.0])])
case("atanh", torch.atanh, [t([-1.0, 0.0, 1.0])])
case("div", torch.div, [t([0.0, 1.0, 2.0]), t([0.0, 0.0, 4.0])])
case("div", torch.div, [ties, number])
case("atan2", torch.atan2, [t([0.0, 1.0, 0.0, -0.0]), t([1.0, 0.0, -1.0, -1.0])])
case("atan2", torch.atan2, [t([0.0, 1.0]), t([0.0, 1.0])])
case("hypot", torch.hypot, [t([3.0, 1.0, 0.0]), t([4.0, 0.0, 2.0])])
case("hypot", torch.hypot, [t([0.0]), t([0.0])])
case("logaddexp", torch.logaddexp, [t([0.0, 1000.0, -1000.0]), t([0.0, -1000.0, -1000.0])])
case("logaddexp", torch.logaddexp, [t([-inf, 0.0]), t([-inf, -inf])])
case("xlogy", torch.xlogy, [t([0.0, 0.0, 2.0, 0.0, 1.0]), t([0.0, 2.0, 3.0, nan, 0.0])])
case("xlogy", torch.xlogy, [t([[0.0], [2.0]]), t([1.0, 3.0])])
case("fmod", torch.fmod, [t([5.5, -5.5, 5.0]), t([2.0, 2.0, -3.0])])
case("remainder", torch.remainder, [t([5.5, -5.5, 5.0]), t([2.0, 2.0, -3.0])])
case("lerp", lambda a, b: torch.lerp(a, b, 0.25), [ties, t([1.0, 2.0, 3.0])], weight=0.25)
case("sub", torch.sub, [t([[1.0], [2.0]]), t([[1.0, 2.0, 3.0]])])
case("mul", torch.mul, [t([[1.0], [2.0]]), t([[1.0, 2.0, 3.0]])])
case("mul", torch.mul, [empty, t([[1.0], [2.0]])])
case("add", torch.add, [number, empty])
a_nan, b = t([nan, 2.0, inf]), t([1.0, nan, 3.0])
case("where", lambda k, a, b: torch.where(k.bool(), a, b), [m([0, 1, 0]), a_nan, b])
case("where", lambda k, a, b: torch.where(k.bool(), a, b), [m([[1], [0]]), number, t([1.0, 2.0])])

# Sums, means, variances and norms.
for op in ("sum", "mean"):
    for x in (empty, number):
        case(op, getattr(torch, op), [x])
    case(op, lambda x: getattr(x, op)((0, -1), True), [torch.ones((2, 3, 2), dtype=torch.float64)], dim=[0, -1], keepdim=True)
    case(op, lambda x: getattr(x, op)(1), [empty], dim=[1], keepdim=False)
    case(op, lambda x: getattr(x, op)(0), [number], dim=[0], keepdim=False)
for op in ("var", "std"):
    for unbiased in (False, True):
        flags = {"unbiased": unbiased, "keepdim": False}
        f = lambda x, dim: getattr(x, op)(dim, unbiased=unbiased)
        case(op, lambda x: f(x, (0,)), [t([2.0])], dim=[0], **flags)
        case(op, lambda x: f(x, (1,)), [ties], dim=[1], **flags)
        case(op, lambda x: f(x, (0, 1)), [ties], dim=[0, 1], **flags)
        case(op, lambda x: f(x, (1,)), [torch.ones((2, 1), dtype=torch.float64)], dim=[1], **flags)
        case(op, lambda x: f(x, (1,)), [empty], dim=[1], **flags)
for p in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, -1.0, inf, -inf):
    arg = p if abs(p) < inf else str(p)  # JSON has no infinity
    for x in (t([[0.0, 0.0], [3.0, -4.0]]), t([[2.0, -2.0], [0.0, 1.0]])):
        case("norm", lambda x: torch.linalg.vector_norm(x, p), [x], p=arg)
        case("norm", lambda x: torch.linalg.vector_norm(x, p, 1, True), [x], p=arg, dim=[1], keepdim=True)
case("norm", lambda x: torch.linalg.vector_norm(x, 2.0), [empty], p=2.0)
case("norm", lambda x: torch.linalg.vector_norm(x, 2.0), [t([nan, 1.0])], p=2.0)
for x in (t([[1000.0, 1000.0], [-1000.0, 0.0]]), t([[-inf, -inf], [0.0, -inf]]), t([[inf, 1.0], [2.0, 2.0]])):
    case("logsumexp", lambda x: x.logsumexp((1,)), [x], dim=[1], keepdim=False)
    case("log_softmax", lambda x: x.log_softmax(1), [x], dim=1)
    case("softmax", lambda x: x.softmax(1), [x], dim=1)
case("softmax", lambda x: x.softmax(0), [number], dim=0)
case("log_softmax", lambda x: x.log_softmax(0), [number], dim=0)
case("softmax", lambda x: x.softmax(1), [empty], dim=1)
case("softmax", lambda x: x.softmax(0), [empty], dim=0)
case("logsumexp", lambda x: x.logsumexp((0, 1)), [empty], dim=[0, 1], keepdim=False)

# Indices, shapes.
four = t([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
case("gather", lambda x, k: x.gather(0, k), [four, i([[2, 2], [0, 2]])], dim=0)
case("gather", lambda x, k: x.gather(1, k), [four, i([[]])], dim=1)
case("index_select", lambda x, k: x.index_select(0, k), [four, i([2, 0, 2, 2])], dim=0)
case("index_select", lambda x, k: x.index_select(1, k), [four, i([])], dim=1)
case("index_add", lambda x, k, s: x.index_add(0, k, s), [four, i([1, 1]), t([[1.0, 2.0], [3.0, 4.0]])], dim=0)
case("scatter_add", lambda x, k, s: x.scatter_add(0, k, s), [four, i([[1, 1], [1, 0]]), t([[1.0, 2.0], [3.0, 4.0]])], dim=0)
case("scatter", lambda x, k, s: x.scatter(0, k, s), [four, i([[1, 2]]), t([[7.0, 8.0]])], dim=0)
case("index_fill", lambda x, k: x.index_fill(0, k, 9.0), [four, i([1, 1])], dim=0, value=9.0)
case("take", lambda x, k: x.take(k), [four, i([[0, -1], [0, 0]])])
case("masked_select", lambda x, k: x.masked_select(k.bool()), [four, m([[1], [0], [1]])])
case("masked_select", lambda x, k: x.masked_select(k.bool()), [t([1.0, 2.0]), m([[1, 0], [1, 1]])])
case("masked_select", lambda x, k: x.masked_select(k.bool()), [four, m([[0, 0], [0, 0], [0, 0]])])
case("take_along_dim", lambda x, k: x.take_along_dim(k, 1), [four, i([[1]])], dim=1)
case("embedding", lambda x, k: F.embedding(k, x), [four, i([[2, 2], [0, 2]])])
case("expand", lambda x: x.expand((2, 3, 2)), [t([[1.0, 2.0]])], shape=[2, 3, 2])
case("expand", lambda x: x.expand((0, 2)), [t([[1.0, 2.0]])], shape=[0, 2])
case("expand", lambda x: x.expand((3,)), [number], shape=[3])
case("repeat", lambda x: x.repeat((2, 0)), [t([1.0, 2.0])], repeats=[2, 0])
case("repeat_interleave", lambda x: x.repeat_interleave(2, 0), [four], repeats=2, dim=0)
case("diag", lambda x: x.diag(5), [four], diagonal=5)
case("diag", lambda x: x.diag(-1), [four], diagonal=-1)
case("diag", lambda x: x.diag(1), [t([1.0, 2.0])], diagonal=1)
case("diagonal", lambda x: x.diagonal(-1, 1, 0), [four], offset=-1, dim1=1, dim2=0)
case("flip", lambda x: x.flip((0, 1)), [empty], dims=[0, 1])
case("roll", lambda x: x.roll(-7, 0), [four], shift=-7, dim=0)
case("narrow", lambda x: x.narrow(0, 3, 0), [four], dim=0, start=3, length=0)
case("squeeze", torch.squeeze, [t([[[1.0]]])], dim=[])
case("unsqueeze", lambda x: x.unsqueeze(0), [number], dim=0)
case("cat", lambda a, b: torch.cat((a, b), 1), [empty, t([[1.0], [2.0]])], dim=1)
case("stack", lambda a, b: torch.stack((a, b), -1), [number, t(1.0)], dim=-1)
case("pad", lambda x: F.pad(x, (-1, 2)), [four], pad=[-1, 2], mode="constant", value=0.0)
case("matmul", torch.matmul, [torch.zeros((2, 0), dtype=torch.float64), torch.zeros((0, 3), dtype=torch.float64)])
case("matmul", torch.matmul, [t([[[1.0, 2.0]]]), torch.ones((3, 2, 1), dtype=torch.float64)])
case("matmul", torch.matmul, [t([1.0, 2.0]), torch.ones((3, 2, 2), dtype=torch.float64)])
case("outer", torch.outer, [t([]), t([1.0, 2.0])])
case("det", torch.linalg.det, [t([[0.0, 2.0], [3.0, 0.0]])], second=True)

# Windows.
image = t([[[[1.0, 1.0, 2.0], [1.0, 1.0, 2.0], [nan, 0.0, 0.0]]]])
case("max_pool2d", lambda x: F.max_pool2d(x, 2, 1), [image], kernel_size=2, stride=1)
case("max_pool2d", lambda x: F.max_pool2d(x, 3, 2, 1), [-image], kernel_size=3, stride=2, padding=1)
case("avg_pool2d", lambda x: F.avg_pool2d(x, 2, 2, 1, True, False), [image[:, :, :2]], kernel_size=2, stride=2, padding=1, ceil_mode=True, count_include_pad=False)
case("adaptive_avg_pool2d", lambda x: F.adaptive_avg_pool2d(x, (2, 5)), [image[:, :, :2]], output_size=[2, 5])
case("layer_norm", lambda x: F.layer_norm(x, (3,)), [ties], normalized_shape=[3], eps=1e-5)
case("layer_norm", lambda x: F.layer_norm(x, (1,)), [t([[2.0], [3.0]])], normalized_shape=[1], eps=1e-5)

folder = pathlib.Path(__file__).parent
with open(folder / "edges.json", "w") as f:
    json.dump({"torch": torch.__version__, "family": "edges", "cases": cases}, f)
save_file(tensors, folder / "edges.safetensors")
print(len(cases), "cases")
