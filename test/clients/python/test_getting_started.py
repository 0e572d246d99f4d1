"""The notebooks with which Amazon's samples begin, as their readers run them: a
role with managed policies, a schema of three columns, three recipes, clicks, and
everything deleted again. Bare boto3 calls, but for where things are."""

import json
import time

import boto3

import shop as shops
from account import TRUST, unique

RECIPES = ["aws-user-personalization", "aws-sims", "aws-personalized-ranking"]


def wait(describe, **arn):
    """The notebooks' loop, with shorter pauses."""
    end = time.time() + 120
    while time.time() < end:
        (described,) = (value for key, value in describe(**arn).items() if key != "ResponseMetadata")
        if described["status"] in ("ACTIVE", "CREATE FAILED"):
            assert described["status"] == "ACTIVE", described
            return
        time.sleep(0.05)
    raise AssertionError(f"{arn} is still {described['status']}")


def wait_gone(personalize, describe, **arn):
    end = time.time() + 120
    while time.time() < end:
        try:
            describe(**arn)
        except personalize.exceptions.ResourceNotFoundException:
            return
        time.sleep(0.05)
    raise AssertionError(f"{arn} is still there")


def test_getting_started(tmp_path):
    personalize, iam = boto3.client("personalize"), boto3.client("iam")
    runtime, events = boto3.client("personalize-runtime"), boto3.client("personalize-events")
    name = unique("personalize-demo")

    # 1. The data.
    path, s3 = tmp_path / "interactions.csv", boto3.resource("s3")
    rows = [line.split(",") for line in shops.interactions(int(time.time())).splitlines()]
    path.write_text("".join(f"{user},{item},{at}\n" for user, item, _, _, at in rows))
    region = boto3.session.Session().region_name
    if region == "us-east-1":
        for _ in range(2):  # this cell may be run again
            s3.create_bucket(Bucket=name)
    else:
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
    s3.Bucket(name).Object(path.name).upload_file(str(path))
    fields = [{"name": "USER_ID", "type": "string"}, {"name": "ITEM_ID", "type": "string"}, {"name": "TIMESTAMP", "type": "long"}]
    schema = {
        "type": "record", "name": "Interactions", "namespace": "com.amazonaws.personalize.schema", "fields": fields, "version": "1.0",
    }  # fmt: skip
    schema_arn = personalize.create_schema(name=name, schema=json.dumps(schema))["schemaArn"]
    group_arn = personalize.create_dataset_group(name=name)["datasetGroupArn"]
    wait(personalize.describe_dataset_group, datasetGroupArn=group_arn)
    dataset_arn = personalize.create_dataset(
        name=name, datasetType="INTERACTIONS", datasetGroupArn=group_arn, schemaArn=schema_arn
    )["datasetArn"]
    wait(personalize.describe_dataset, datasetArn=dataset_arn)

    policy = {
        "Version": "2012-10-17",
        "Id": "PersonalizeS3BucketAccessPolicy",
        "Statement": [
            {
                "Sid": "PersonalizeS3BucketAccessPolicy",
                "Effect": "Allow",
                "Principal": {"Service": "personalize.amazonaws.com"},
                "Action": ["s3:GetObject", "s3:ListBucket"],
                "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
            }
        ],
    }
    boto3.client("s3").put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    role_arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    managed = ["arn:aws:iam::aws:policy/service-role/AmazonPersonalizeFullAccess", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]
    for policy_arn in managed:
        iam.attach_role_policy(RoleName=name, PolicyArn=policy_arn)
    job_arn = personalize.create_dataset_import_job(
        jobName=name, datasetArn=dataset_arn, dataSource={"dataLocation": f"s3://{name}/{path.name}"}, roleArn=role_arn
    )["datasetImportJobArn"]
    wait(personalize.describe_dataset_import_job, datasetImportJobArn=job_arn)

    # 2. Solutions, side by side, and campaigns.
    offered = {r["recipeArn"] for r in personalize.list_recipes()["recipes"]}
    solutions, versions, campaigns = {}, {}, {}
    for recipe in RECIPES:
        recipe_arn = "arn:aws:personalize:::recipe/" + recipe
        assert recipe_arn in offered
        made = personalize.create_solution(name=f"{name}-{recipe}"[:63], datasetGroupArn=group_arn, recipeArn=recipe_arn)
        solutions[recipe] = made["solutionArn"]
        wait(personalize.describe_solution, solutionArn=solutions[recipe])
        versions[recipe] = personalize.create_solution_version(solutionArn=solutions[recipe])["solutionVersionArn"]
    for recipe, arn in versions.items():
        wait(personalize.describe_solution_version, solutionVersionArn=arn)
        assert len(personalize.get_solution_metrics(solutionVersionArn=arn)["metrics"]) == 8
        made = personalize.create_campaign(name=f"{name}-{recipe}"[:63], solutionVersionArn=arn, minProvisionedTPS=1)
        campaigns[recipe] = made["campaignArn"]
    for arn in campaigns.values():
        wait(personalize.describe_campaign, campaignArn=arn)

    def recommended(user_id):
        answer = runtime.get_recommendations(campaignArn=campaigns["aws-user-personalization"], userId=user_id)
        return [item["itemId"] for item in answer["itemList"]]

    assert len(recommended("u0")) == 25
    similar = runtime.get_recommendations(campaignArn=campaigns["aws-sims"], itemId="b4")["itemList"]
    assert len(similar) == 25 and {item["itemId"][0] for item in similar[:10]} == {"b"}
    ranking = runtime.get_personalized_ranking(
        campaignArn=campaigns["aws-personalized-ranking"], userId="u1", inputList=["a1", "b1", "a2", "b2"]
    )["personalizedRanking"]
    assert [item["itemId"][0] for item in ranking] == ["b", "b", "a", "a"]

    # 3. Clicks: the item is in the properties, and the schema has no event type.
    made = personalize.create_event_tracker(name=name, datasetGroupArn=group_arn)
    tracker_arn, tracking_id = made["eventTrackerArn"], made["trackingId"]
    wait(personalize.describe_event_tracker, eventTrackerArn=tracker_arn)
    before = recommended("visitor")
    for item_id in ("b3", "b5", "b8"):
        events.put_events(
            trackingId=tracking_id, userId="visitor", sessionId=name,
            eventList=[{"sentAt": int(time.time()), "eventType": "EVENT_TYPE", "properties": json.dumps({"itemId": item_id})}],
        )  # fmt: skip
    after = recommended("visitor")
    assert after != before and sum(item_id[0] == "b" for item_id in after[:10]) >= 8

    # 4. Nothing is left.
    for arn in campaigns.values():
        personalize.delete_campaign(campaignArn=arn)
    for arn in campaigns.values():
        wait_gone(personalize, personalize.describe_campaign, campaignArn=arn)
    for arn in solutions.values():
        personalize.delete_solution(solutionArn=arn)
    for arn in solutions.values():
        wait_gone(personalize, personalize.describe_solution, solutionArn=arn)
    personalize.delete_event_tracker(eventTrackerArn=tracker_arn)
    wait_gone(personalize, personalize.describe_event_tracker, eventTrackerArn=tracker_arn)
    for dataset in personalize.list_datasets(datasetGroupArn=group_arn)["datasets"]:
        personalize.delete_dataset(datasetArn=dataset["datasetArn"])
        wait_gone(personalize, personalize.describe_dataset, datasetArn=dataset["datasetArn"])
    personalize.delete_schema(schemaArn=schema_arn)
    personalize.delete_dataset_group(datasetGroupArn=group_arn)
    wait_gone(personalize, personalize.describe_dataset_group, datasetGroupArn=group_arn)
    for policy_arn in managed:
        iam.detach_role_policy(RoleName=name, PolicyArn=policy_arn)
    iam.delete_role(RoleName=name)
    s3.Bucket(name).objects.all().delete()
    s3.Bucket(name).delete()
