"""Flower's own SecAgg+ over 40 clients in one process, without Ray: its workflow and its mod, called directly.

Run by benchmarks/federate.py in Flower's environment (make flower): .venv-flower/bin/python benchmarks/federate_flower.py
Prints one JSON object. No process is started a client, so this flatters Flower against its simulation engine.
"""

import copy
import json
import logging
import os
import resource
import sys
import time
import warnings
from types import SimpleNamespace
from uuid import uuid4

os.environ["FLWR_TELEMETRY_ENABLED"] = "0"
warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
from flwr.app import ConfigRecord, Context, Message, RecordDict  # noqa: E402
from flwr.client import ClientApp, NumPyClient  # noqa: E402
from flwr.client.mod import secaggplus_mod  # noqa: E402
from flwr.common import ndarrays_to_parameters  # noqa: E402
from flwr.server import LegacyContext, ServerConfig  # noqa: E402
from flwr.server.strategy import FedAvg  # noqa: E402
from flwr.server.workflow import DefaultWorkflow, SecAggPlusWorkflow  # noqa: E402
from flwr.serverapp import Grid  # noqa: E402
from flwr.supercore.task_identity import TaskIdentity  # noqa: E402

logging.disable(logging.WARNING)
SITES, WEIGHTS, ROUNDS = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])


class Client(NumPyClient):
    def fit(self, parameters, config):  # noqa: ANN001, ANN201
        return [parameters[0] + 0.01], 20, {}


class InProcess(Grid):
    """Calls the client app for each message, and counts the bytes that come back."""

    def __init__(self, app: ClientApp) -> None:
        self.app, self.bytes, self.run_ = app, 0, SimpleNamespace(run_id=1)
        self.contexts = {
            node: Context(run_id=1, node_id=node, node_config={}, state=RecordDict(), run_config={}, series_id=0)
            for node in range(1, SITES + 1)
        }  # fmt: skip

    def set_run(self, run):  # noqa: ANN001, ANN201
        self.run_ = run

    @property
    def run(self):  # noqa: ANN201
        return self.run_

    def create_message(self, content, message_type, dst_node_id, group_id, ttl=None):  # noqa: ANN001, ANN201
        return Message(content, dst_node_id, message_type, ttl=ttl, group_id=group_id)

    def get_node_ids(self):  # noqa: ANN201
        return list(self.contexts)

    def push_messages(self, messages):  # noqa: ANN001, ANN201
        raise NotImplementedError

    def pull_messages(self, message_ids):  # noqa: ANN001, ANN201
        raise NotImplementedError

    def send_and_receive(self, messages, *, timeout=None):  # noqa: ANN001, ANN201, ARG002
        out = []
        for message in messages:
            message.metadata.__dict__["_message_id"] = str(uuid4())
            message.metadata.__dict__["_run_id"] = 1
            if message.has_content():  # an engine hands each client a copy; the mod changes what it gets
                message.content = copy.deepcopy(message.content)
            reply = self.app(message, self.contexts[message.metadata.dst_node_id])
            self.bytes += sum(
                len(part) if isinstance(part, bytes) else sum(map(len, part))
                for record in reply.content.values()
                if isinstance(record, ConfigRecord)
                for part in record.values()
                if isinstance(part, bytes) or (isinstance(part, list) and part and isinstance(part[0], bytes))
            )
            out.append(reply)
        return out


def main() -> None:
    TaskIdentity.run_id, TaskIdentity.node_id, TaskIdentity.task_id = 1, 0, 1
    app = ClientApp(client_fn=lambda context: Client().to_client(), mods=[secaggplus_mod])
    grid = InProcess(app)
    strategy = FedAvg(
        fraction_fit=1.0, fraction_evaluate=0.0, min_fit_clients=SITES, min_available_clients=SITES,
        initial_parameters=ndarrays_to_parameters([np.zeros(WEIGHTS, np.float32)]),
    )  # fmt: skip
    base = Context(run_id=1, node_id=0, node_config={}, state=RecordDict(), run_config={}, series_id=0)
    context = LegacyContext(base, config=ServerConfig(num_rounds=ROUNDS), strategy=strategy)
    # as many neighbours, and as many of them needed, as ours takes
    secure = SecAggPlusWorkflow(num_shares=21, reconstruction_threshold=15, clipping_range=1.0)
    wall, cpu = time.perf_counter(), time.process_time()
    DefaultWorkflow(fit_workflow=secure)(grid, context)
    found = {
        "seconds": (time.perf_counter() - wall) / ROUNDS,
        "processor_seconds": (time.process_time() - cpu) / ROUNDS,
        "bytes_beyond_plain": grid.bytes / SITES / ROUNDS / (4 * WEIGHTS),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps({name: round(value, 3) for name, value in found.items()}))


if __name__ == "__main__":
    main()
