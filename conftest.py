"""What all tests share, the notebooks' cells among them.

Two test processes that each start a thread per core wait for one another: a training
step then took 25 times as long. One thread each, as when the notebooks were made, also
gives the same last digits.
"""

import os

import pytest

from builder.execute import THREADS

# Before anything imports torch; kernels inherit it.
os.environ |= dict.fromkeys(THREADS, "1")

LONGEST = "08", "06", "05", "09", "02", "07"


def pytest_collection_modifyitems(items):
    """Of notebooks, tested two at a time, those that take longest come first.

    Else one would still run alone when all others have ended.
    """
    order = {f"notebooks/ko/{number}": place for place, number in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.nodeid[:15], len(order)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """nbval counts the cells; a failure also says the name that the lesson gives it."""
    report = yield
    if report.failed and type(item).__name__ == "IPyNbCell":
        said = "it raised, or its output is not what it was: run make notebooks"
        said += ", or find the cause"
        report.longrepr = f"cell '{item.cell.id}': {said}\n{report.longrepr}"
    return report
