"""The last test: together, the others met every exception that the API model
has for the operations that are built."""

import pytest

import modelled


@pytest.mark.strict
def test_strict_exceptions_were_met(request):
    check(request, modelled.STRICT & modelled.expected())


def test_modelled_exceptions_were_met(request):
    check(request, modelled.expected() - modelled.STRICT - modelled.UNREACHABLE.keys())
    met = sorted(modelled.SEEN & modelled.UNREACHABLE.keys())
    assert not met, f"said to be unreachable: {met}"


def check(request, wanted):
    chosen = request.config.getoption("keyword") or request.config.getoption("markexpr") or any(
        "::" in arg or arg.endswith(".py") for arg in request.config.args
    )
    if chosen:
        pytest.skip("only a part of the suite was chosen")
    missing = sorted(wanted - modelled.SEEN)
    assert not missing, f"no test met: {missing}"
