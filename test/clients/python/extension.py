"""Signed requests that no SDK makes: to the extensions, and on purpose wrong."""

import datetime
import json
import os
import urllib.error
import urllib.request

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ENDPOINT = os.environ["AWS_ENDPOINT_URL_PERSONALIZE"]


def credentials(access=None, secret=None, token=None):
    return Credentials(access or os.environ["AWS_ACCESS_KEY_ID"], secret or os.environ["AWS_SECRET_ACCESS_KEY"], token)


class Clock(botocore.auth.SigV4Auth):
    """A signer whose clock is wrong by some seconds."""

    off = 0

    def add_auth(self, request):
        original = botocore.auth.get_current_datetime
        wrong = original() + datetime.timedelta(seconds=self.off)
        botocore.auth.get_current_datetime = lambda *args, **kwargs: wrong
        try:
            super().add_auth(request)
        finally:
            botocore.auth.get_current_datetime = original


def sign(method, path, body=b"", headers=None, creds=None, skew=0, service="personalize"):
    """Returns the headers of a signed request."""
    request = AWSRequest(method=method, url=ENDPOINT + path, data=body, headers=headers or {})
    signer = Clock(creds or credentials(), service, os.environ["AWS_REGION"])
    signer.off = skew
    signer.add_auth(request)
    return dict(request.headers.items())


def send(method, path, body=b"", headers=None):
    """Returns the status, the headers and the parsed body of the answer."""
    request = urllib.request.Request(ENDPOINT + path, data=body or None, method=method, headers=headers or {})
    try:
        answer = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        text = answer.read()
        return answer.status, answer.headers, json.loads(text) if text else None


def get(path):
    """Reads one document of the extensions."""
    status, _, document = send("GET", path, headers=sign("GET", path))
    assert status == 200, document
    return document


def content(dataset):
    """What a dataset holds."""
    return get("/bespoke/v1/datasets/" + dataset.partition(":dataset/")[2])


def rows(dataset):
    return content(dataset)["rows"]["bulk"]


def progress(job):
    """What became of an import job's rows."""
    return get("/bespoke/v1/dataset-import-jobs/" + job.rpartition("/")[2])
