"""Events and false alarms are counted as a person would."""

import numpy as np

from commissure.federate.alarms import count_alarms, quiet_threshold


def test_runs_are_one_and_persons_are_apart() -> None:
    case = np.array([0, 1, 1, 0, 0, 1, 1, 0, 0, 0], float)
    told = np.array([0, 0, 0.9, 0.9, 0, 0, 0, 0.9, 0.9, 0])
    found = count_alarms(case, told, person=np.zeros(10), window_s=4.0, threshold=0.5)
    assert (found.events, found.found, found.false) == (2, 1, 1)
    apart = count_alarms(case, told, person=np.array([0] * 6 + [1] * 4), window_s=4.0, threshold=0.5)
    assert apart.events == 3
    assert (found + apart).hours == 2 * 40 / 3600
    none = count_alarms(case, told, person=np.zeros(10), window_s=4.0, threshold=0.95)
    assert (none.found, none.false) == (0, 0)


def test_the_threshold_keeps_the_quiet_quiet() -> None:
    fine = np.zeros((2, 1000))
    fine[0, :200] = 5  # a thousand quiet windows, evenly up to a chance of .2
    fine[1, 900] = 10
    assert quiet_threshold(fine) == 0.199
    assert quiet_threshold(fine, share=0.5) == 0.1
