"""nbval counts the cells; a failure also says the name that the lesson gives them."""

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    if report.failed and type(item).__name__ == "IPyNbCell":
        said = "it raised, or its output is not what it was: run make notebooks"
        said += ", or find the cause"
        report.longrepr = f"cell '{item.cell.id}': {said}\n{report.longrepr}"
    return report
