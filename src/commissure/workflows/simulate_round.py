"""Simulate a secure round over many sites in one process: what a network will need, before there is one."""

import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from commissure.federate.aggregator import Aggregator
from commissure.federate.contributor import Contributor
from commissure.federate.fixed_point import Bounded
from commissure.federate.letters import Identity
from commissure.federate.terms import Terms, suggest_minimum

__all__ = ["simulate_round"]


def simulate_round(
    sites: int, weights: int, *, lost: float = 0.05, entropy: Callable[[int], bytes], session: str = "plan/1"
) -> dict[str, Any]:
    """Seconds, bytes and memory of one round over ``sites``, each with ``weights`` numbers.

    Parameters
    ----------
    sites, weights : int
    lost : float
        The share of sites that drop out after they shared their secrets.
    entropy : callable
        Gives so many random bytes.
    session : str

    Returns
    -------
    dict
        ``seconds``, ``processor_seconds``, ``neighbours``, ``bytes_beyond_plain`` (a ratio, sent by a site), ``largest_error``,
        ``peak_megabytes``.
    """
    who = {f"site{n:04d}": Identity(f"site{n:04d}", entropy(32)) for n in range(sites)}
    keys = {name: identity.public for name, identity in who.items()}
    terms, code = Terms(session, 1, suggest_minimum(sites)), Bounded(10.0, sites)
    before, worked = time.perf_counter(), time.process_time()
    hub = Aggregator(terms, keys=keys)
    parties = {
        name: Contributor(identity, terms, keys=keys, entropy=entropy) for name, identity in who.items()
    }
    sent = 0
    for party in parties.values():
        letter = party.advertise()
        sent += len(letter.to_bytes())
        hub.receive(letter)
    hub.close()
    for party in parties.values():
        letter = party.share(hub.key_letters())
        sent += len(letter.to_bytes())
        hub.receive(letter)
    hub.close()
    hub.expect(words=weights, bits=code.bits)
    drawn, truth = (
        np.random.default_rng(0).normal(size=2 * weights, scale=0.1).clip(-10, 10),
        np.zeros(weights),
    )
    for number, name in enumerate(list(parties)[: sites - int(lost * sites)]):
        # each site has other numbers; to draw them anew would take longer than the round
        values = drawn[number * weights // sites :][:weights]
        truth += values
        letter = parties[name].mask(code.encode(values), hub.boxes_for(name))
        sent += len(letter.to_bytes())
        hub.receive(letter)
    hub.close()
    for name in hub.survivors:
        letter = parties[name].unmask(hub.survivors)
        sent += len(letter.to_bytes())
        hub.receive(letter)
    hub.close()
    error = float(np.abs(code.decode(hub.total()) - truth).max())
    return {
        "seconds": round(time.perf_counter() - before, 2),
        "processor_seconds": round(time.process_time() - worked, 2),
        "neighbours": len(hub.boxes_for(hub.survivors[0])),
        "bytes_beyond_plain": round(sent / len(hub.survivors) / (4 * weights), 4),
        "largest_error": error,
        "peak_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
