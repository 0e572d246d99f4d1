"""The suite takes its server from the environment, as `bespoke env` prints it:

    eval "$(bespoke env --data DIR)" && pytest

With BESPOKE_TEST_STRICT=1 the server must have been started with
--strict-limits; then only the tests of those limits run, and without it only
the others. Every test makes what it needs under names of its own and deletes it
again, so a server may be used for any number of runs.
"""

import os

import pytest

from account import Account
from shop import Shop

NEEDED = [
    "AWS_ENDPOINT_URL_PERSONALIZE",
    "AWS_ENDPOINT_URL_PERSONALIZE_EVENTS",
    "AWS_ENDPOINT_URL_PERSONALIZE_RUNTIME",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_IAM",
    "AWS_ENDPOINT_URL_STS",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
]
STRICT = os.environ.get("BESPOKE_TEST_STRICT") == "1"


def pytest_configure(config):
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        pytest.exit(f'not set: {", ".join(missing)}; run: eval "$(bespoke env --data DIR)"', returncode=4)


def pytest_collection_modifyitems(config, items):
    chosen = [item for item in items if (item.get_closest_marker("strict") is not None) == STRICT]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    # What all tests together must have seen is looked at last.
    items[:] = sorted(chosen, key=lambda item: item.path.name == "test_modelled.py")


@pytest.fixture(scope="session")
def shared():
    """An account whose bucket and role last as long as the run."""
    account = Account()
    account.open()
    yield account
    account.close()


@pytest.fixture
def aws(shared):
    """The account; what the test makes is deleted when it ends."""
    with shared.cleanup():
        yield shared


@pytest.fixture(scope="session")
def shop():
    """A shop that lasts as long as the run, in an account of its own."""
    account = Account()
    account.open()
    with account.cleanup():
        yield Shop(account)
    account.close()
