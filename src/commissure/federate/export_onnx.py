"""A model as an ONNX file that any runtime reads: raw columns in, in the order of the features, a chance or number out.

Standardizing and filling of missing values are in the file.

References
----------
ONNX, https://onnx.ai; the operator set is 17, ai.onnx.ml 3.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from commissure.extras import need
from commissure.federate.analysis import Array
from commissure.federate.boosting import Boosting
from commissure.federate.deep import TorchNetwork
from commissure.federate.networks import Network
from commissure.federate.predictor import Predictor
from commissure.federate.training import Training

__all__ = ["to_onnx"]


class _Graph:
    """Nodes and constants, one after the other."""

    def __init__(self) -> None:
        self.helper: Any = need("onnx.helper", purpose="Writing an ONNX file")
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.last = "rows"

    def constant(self, values: Any) -> str:
        """A constant in single precision."""
        array, name = np.asarray(values, np.float32), f"c{len(self.constants)}"
        self.constants.append(self.helper.make_tensor(name, 1, array.shape, array.ravel().tolist()))
        return name

    def add(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """A node of the last result, or of ``inputs``."""
        out = f"n{len(self.nodes)}"
        given = list(inputs) or [self.last]
        self.nodes.append(self.helper.make_node(kind, given, [out], domain=domain, **attributes))
        self.last = out
        return out


def to_onnx(predictor: Predictor, *, about: Mapping[str, str] | None = None) -> bytes:
    """The bytes of an ONNX file; input ``rows`` (row, feature) in single precision, output ``prediction`` (row, 1).

    Parameters
    ----------
    predictor : Predictor
    about : mapping of str to str, optional
        What the file says of itself; the names of the features are always there.
    """
    graph, helper = _Graph(), need("onnx.helper", purpose="Writing an ONNX file")
    _standardize(graph, predictor)
    inner = predictor.inner
    if isinstance(inner, Boosting):
        _trees(graph, inner, predictor.found)
    elif isinstance(inner, Training):
        _layers(graph, inner.network, np.asarray(predictor.found["weights"], float))
        wide, middle = predictor.unit
        if (wide, middle) != (1.0, 0.0):
            graph.add("Mul", graph.last, graph.constant([wide]))
            graph.add("Add", graph.last, graph.constant([middle]))
    else:
        beta = predictor.found["coefficients"]
        _dense(graph, beta[1:, None], beta[:1])
    if predictor.family == "logistic":
        graph.add("Sigmoid")
    graph.add("Identity")
    graph.nodes[-1].output[0] = "prediction"
    size = len(predictor.features)
    rows = helper.make_tensor_value_info("rows", 1, ["row", size])
    out = helper.make_tensor_value_info("prediction", 1, ["row", 1])
    made = helper.make_graph(graph.nodes, "commissure", [rows], [out], initializer=graph.constants)
    sets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(made, producer_name="commissure", opset_imports=sets, ir_version=8)
    said = {"features": ",".join(predictor.features), "outcome": predictor.outcome, **(about or {})}
    helper.set_model_props(model, said)
    return bytes(model.SerializeToString())


def _standardize(graph: _Graph, predictor: Predictor) -> None:
    graph.add("Sub", "rows", graph.constant(predictor.centre))
    found = graph.add("Div", graph.last, graph.constant(predictor.scale))
    graph.add("Where", graph.add("IsNaN", found), graph.constant(np.zeros(1)), found)


def _dense(graph: _Graph, weights: Array, added: Array) -> None:
    graph.add("MatMul", graph.last, graph.constant(weights))
    graph.add("Add", graph.last, graph.constant(added))


def _layers(graph: _Graph, network: Any, weights: Array) -> None:
    if isinstance(network, TorchNetwork):
        parts, bend = network.parts(weights), "Elu"
    elif isinstance(network, Network) and network.hidden:
        at = network.inputs * network.hidden
        first = (weights[:at].reshape(network.inputs, network.hidden), weights[at : network.head])
        parts, bend = [first, (weights[network.head : -1, None], weights[-1:])], "Tanh"
    else:
        parts, bend = [(weights[:-1, None], weights[-1:])], ""
    for number, (below, added) in enumerate(parts):
        _dense(graph, below, added)
        if number < len(parts) - 1:
            graph.add(bend)


def _trees(graph: _Graph, model: Boosting, found: Mapping[str, Array]) -> None:
    told: dict[str, list[Any]] = {name: [] for name in ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids")}  # fmt: skip
    leaf: dict[str, list[Any]] = {name: [] for name in ("treeids", "nodeids", "weights", "ids")}
    for tree, (feature, cut, value) in enumerate(
        zip(found["feature"], found["cut"], found["value"], strict=True)
    ):
        open_ = [0]
        while open_:
            node = open_.pop()
            split = feature[node] >= 0
            low, high = (2 * node + 1, 2 * node + 2) if split else (0, 0)
            edge = float(model.edges[int(cut[node])]) if split else 0.0
            row = (tree, node, int(max(feature[node], 0)), edge, "BRANCH_LT" if split else "LEAF", low, high)
            for name, item in zip(told, row, strict=True):
                told[name].append(item)
            if split:
                open_ += [low, high]
                continue
            for name, item in zip(leaf, (tree, node, float(model.rate * value[node]), 0), strict=True):
                leaf[name].append(item)
    graph.add(
        "TreeEnsembleRegressor", graph.last, domain="ai.onnx.ml", n_targets=1,
        base_values=[float(found["base"][0])],
        **{f"nodes_{name}": values for name, values in told.items()},
        **{f"target_{name}": values for name, values in leaf.items()},
    )  # fmt: skip
