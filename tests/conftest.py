"""What every run of the tests begins with."""

import os

import pytest


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are processors: half of the tests wait for a stream, a lease or a terminal."""
    return (os.cpu_count() or 1) + 1
