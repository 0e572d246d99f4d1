"""The wire: constraints of the API model, signatures, requests no SDK makes."""

import json

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

import data
import extension
import modelled
from account import unique

JSON11 = {"Content-Type": "application/x-amz-json-1.1"}
REQUESTS = {
    name: service.operation_model(name).input_shape
    for service in modelled.models()
    for name in modelled.BUILT
    if name in service.operation_names
}
ARN = "arn:aws:personalize:us-east-1:123456789012:schema/none"

# A value that each member of a request accepts, by its name; ARN suits the others.
FINE = {
    "name": "n",
    "jobName": "n",
    "schema": data.USERS,
    "datasetType": "Users",
    "path": "s3://bucket/folder",
    "roleArn": "arn:aws:iam::123456789012:role/none",
}


def call(aws, operation, arguments):
    """Calls with the SDK's own checks off."""
    method = xform_name(operation)
    client = next(c for c in (aws.raw, aws.raw_events, aws.raw_runtime) if hasattr(c, method))
    return getattr(client, method)(**arguments)


def fine(shape, name=None):
    """The smallest value that satisfies every constraint."""
    match shape.type_name:
        case "structure":
            return {member: fine(shape.members[member], member) for member in shape.required_members}
        case "list":
            return [fine(shape.member)]
        case "timestamp":
            return 0
    return FINE.get(name, ARN)


def broken(operation):
    """Every constraint of every top-level member, with a value that breaks it
    and what the answer must say."""
    shape = REQUESTS[operation]
    for name, member in shape.members.items():
        limits = member.metadata
        at = f" at '{name}' failed to satisfy constraint: "
        if name in shape.required_members:
            yield name, None, f"Value null{at}Member must not be null"
        if member.type_name in ("string", "list"):
            one = "a" if member.type_name == "string" else fine(member)
            if "max" in limits:
                yield name, one * (limits["max"] + 1), at + f"Member must have length less than or equal to {limits['max']}"
            if limits.get("min"):
                yield name, one * 0, at + f"Member must have length greater than or equal to {limits['min']}"
        if limits.get("enum"):
            yield name, "OTHER", f"Value 'OTHER'{at}Member must satisfy enum value set: [{', '.join(limits['enum'])}]"
        if "pattern" in limits and "ASCII" not in limits["pattern"]:
            yield name, "!", f"Value '!'{at}Member must satisfy regular expression pattern: {limits['pattern']}"
        if member.type_name == "integer":
            yield name, limits["min"] - 1, f"Value '{limits['min'] - 1}'{at}Member must have value greater than or equal to {limits['min']}"
            if "max" in limits:
                yield name, limits["max"] + 1, f"Value '{limits['max'] + 1}'{at}Member must have value less than or equal to {limits['max']}"


@pytest.mark.parametrize("operation", REQUESTS)
def test_constraints(aws, operation):
    cases = list(broken(operation))
    assert cases
    for name, value, text in cases:
        arguments = fine(REQUESTS[operation]) | {name: value}
        if value is None:
            del arguments[name]
        with pytest.raises(ClientError) as caught:
            call(aws, operation, arguments)
        error = caught.value.response["Error"]
        assert error["Code"] == "ValidationException", (name, value, error)
        assert text in error["Message"], (name, value)
        assert "validation error" in error["Message"] and " detected: " in error["Message"]
        blamed = error["Message"].count(" failed to satisfy constraint: ")
        assert blamed == error["Message"].count(f" at '{name}' failed to satisfy constraint: "), (name, value, error)


def test_several_at_once(aws):
    with pytest.raises(ClientError) as caught:
        aws.raw.create_dataset_group(name="!", domain="SHOES", roleArn="x")
    message = caught.value.response["Error"]["Message"]
    assert message.startswith("3 validation errors detected: Value '!' at 'name' failed to satisfy constraint: ")
    assert message.count("; Value") == 2


def test_nested(aws):
    with pytest.raises(ClientError) as caught:
        aws.raw.tag_resource(resourceArn=ARN, tags=[{"tagKey": "fine", "tagValue": ""}, {"tagKey": "secret<>"}])
    message = caught.value.response["Error"]["Message"]
    assert "'tags.2.member.tagKey'" in message and "'tags.2.member.tagValue'" in message
    assert "secret" not in message, "tag keys are sensitive"


def test_constraints_come_before_everything_else(aws):
    with pytest.raises(ClientError) as caught:  # the dataset does not exist either
        aws.raw.create_dataset_import_job(
            jobName="!", datasetArn=aws.arn("dataset", "none/ITEMS"), dataSource={"dataLocation": "file:///etc/passwd"}
        )
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert error["Message"].startswith("2 validation errors detected: ")
    assert "'dataSource.dataLocation'" in error["Message"]


# ---- by hand -----------------------------------------------------------------


def target(operation):
    return JSON11 | {"X-Amz-Target": f"AmazonPersonalize.{operation}"}


def post(operation, body, **signing):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return extension.send("POST", "/", body, extension.sign("POST", "/", body, target(operation), **signing))


def test_success():
    status, headers, body = post("ListSchemas", {"maxResults": 1, "unknownMember": {"is": "ignored"}})
    assert status == 200 and "schemas" in body
    assert headers["Content-Type"] == "application/x-amz-json-1.1"
    assert len(headers["x-amzn-RequestId"]) == 36


def test_times_are_numbers(aws):
    arn = aws.schema(data.USERS)
    _, _, body = post("DescribeSchema", {"schemaArn": arn})
    assert isinstance(body["schema"]["creationDateTime"], (int, float))
    assert None not in body["schema"].values()


def test_request_ids_differ():
    ids = {post("ListSchemas", {})[1]["x-amzn-RequestId"] for _ in range(5)}
    assert len(ids) == 5


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b'{"maxResults":"many"}', b'{"nextToken":5}', b"\xff"])
def test_not_json(body):
    status, _, error = post("ListSchemas", body)
    assert status == 400 and error["__type"] == "SerializationException" and error["message"]


def test_unknown_operation():
    status, _, error = post("MakeCoffee", {})
    assert status in (400, 404) and error["__type"] == "UnknownOperationException"


def test_operation_that_is_not_built():
    status, _, error = post("CreateRecommender", {"name": unique(), "datasetGroupArn": ARN, "recipeArn": ARN})
    assert status == 400 and "CreateRecommender" in error["message"]


class TestSignature:
    @staticmethod
    def refused(answer, *codes):
        status, headers, error = answer
        assert status in (400, 403)
        assert error["__type"] in codes and error["message"]
        assert headers["x-amzn-RequestId"]

    def test_missing(self):
        self.refused(
            extension.send("POST", "/", b"{}", target("ListSchemas")), "MissingAuthenticationTokenException"
        )

    def test_malformed(self):
        headers = extension.sign("POST", "/", b"{}", target("ListSchemas"))
        headers["Authorization"] = headers["Authorization"].partition(", Signature=")[0]
        self.refused(extension.send("POST", "/", b"{}", headers), "IncompleteSignature")

    def test_unknown_key(self):
        creds = extension.credentials(access="AKIA" + "X" * 16)
        self.refused(post("ListSchemas", {}, creds=creds), "UnrecognizedClientException")

    def test_unknown_token(self):
        self.refused(post("ListSchemas", {}, creds=extension.credentials(token="x")), "UnrecognizedClientException")

    def test_wrong_secret(self):
        creds = extension.credentials(secret="x" * 40)
        self.refused(post("ListSchemas", {}, creds=creds), "InvalidSignatureException")

    @pytest.mark.parametrize("skew", [-16 * 60, 16 * 60])
    def test_clock(self, skew):
        self.refused(post("ListSchemas", {}, skew=skew), "InvalidSignatureException", "RequestExpired")

    @pytest.mark.parametrize("skew", [-14 * 60, 14 * 60])
    def test_clock_within_reason(self, skew):
        assert post("ListSchemas", {}, skew=skew)[0] == 200

    def test_body_changed(self):
        headers = extension.sign("POST", "/", b"{}", target("ListSchemas"))
        answer = extension.send("POST", "/", b'{"maxResults":1}', headers)
        self.refused(answer, "InvalidSignatureException")

    def test_target_changed(self):
        headers = extension.sign("POST", "/", b"{}", target("ListSchemas"))
        headers["X-Amz-Target"] = "AmazonPersonalize.ListDatasetGroups"
        self.refused(extension.send("POST", "/", b"{}", headers), "InvalidSignatureException")

    def test_path_changed(self):
        headers = extension.sign("GET", "/bespoke/v1/dataset-import-jobs/one")
        self.refused(extension.send("GET", "/bespoke/v1/dataset-import-jobs/two", headers=headers), "InvalidSignatureException")

    def test_clients_see_it(self, aws):
        """The SDK parses the error and names the code."""
        client = boto3.client(
            "personalize", aws_secret_access_key="wrong", aws_access_key_id="AKIA" + "Y" * 16,
            config=Config(retries={"total_max_attempts": 1}),
        )
        with pytest.raises(ClientError) as caught:
            client.list_schemas()
        assert caught.value.response["Error"]["Code"] == "UnrecognizedClientException"
        for service in ("iam", "sts"):
            client = boto3.client(service, aws_access_key_id="AKIA" + "Y" * 16, aws_secret_access_key="wrong")
            with pytest.raises(ClientError) as caught:
                client.list_roles() if service == "iam" else client.get_caller_identity()
            assert caught.value.response["Error"]["Code"] == "InvalidClientTokenId"


def test_openapi_needs_no_signature():
    status, _, document = extension.send("GET", "/bespoke/v1/openapi.json")
    assert status == 200 and document["openapi"].startswith("3.")
    assert "/bespoke/v1/datasets/{group}/{type}" in document["paths"]


def test_unknown_extension():
    path = "/bespoke/v1/nothing"
    status, _, error = extension.send("GET", path, headers=extension.sign("GET", path))
    assert status == 404 and error["__type"] == "ResourceNotFoundException"


def test_large_body():
    body = b'{"schema":"' + b"x" * (32 << 20) + b'"}'
    try:
        status, _, error = post("CreateSchema", body)
    except (ConnectionError, OSError):
        return  # refused before all of it was sent, as HTTP allows
    assert status == 413 and error["__type"] == "RequestEntityTooLargeException"
