// The AWS SDK for JavaScript v3 against the server that the environment points
// at, as `bespoke env` prints it:
//
//   eval "$(bespoke env --data DIR)" && node --test
//
// The clients are unmodified: endpoints, region and keys all come from the
// environment. Everything is made under names of its own and deleted again.
"use strict";

const assert = require("node:assert/strict");
const { after, before, describe, it } = require("node:test");

const personalize = require("@aws-sdk/client-personalize");
const events = require("@aws-sdk/client-personalize-events");
const runtime = require("@aws-sdk/client-personalize-runtime");

const { E, Home, P, R, call, gone, refused, settled, unique } = require("./account.js");

const SCHEMA = JSON.stringify({
  type: "record",
  name: "Interactions",
  namespace: "com.amazonaws.personalize.schema",
  fields: [
    { name: "USER_ID", type: "string" },
    { name: "ITEM_ID", type: "string" },
    { name: "TIMESTAMP", type: "long" },
  ],
  version: "1.0",
});

function rows(n, first = 0) {
  let csv = "USER_ID,ITEM_ID,TIMESTAMP\n";
  for (let i = first; i < first + n; i++) csv += `u${i % 97},i${i % 53},${1700000000 + i}\n`;
  return csv;
}

describe("story", () => {
  const name = unique("js");
  const home = new Home(name);
  const { bucket } = home;
  let role, schemaArn, datasetGroupArn, datasetArn;
  const jobs = [];

  const startImport = (job, key, more = {}) =>
    call("CreateDatasetImportJob", {
      jobName: `${name}-${job}`,
      datasetArn,
      dataSource: { dataLocation: `s3://${bucket}/${key}` },
      roleArn: role,
      ...more,
    });

  async function runImport(job, key, more) {
    const { datasetImportJobArn } = await startImport(job, key, more);
    jobs.unshift(datasetImportJobArn);
    return settled(() => call("DescribeDatasetImportJob", { datasetImportJobArn }));
  }

  before(async () => {
    role = await home.open("s3:GetObject", "s3:ListBucket");
    await home.put("full.csv", rows(3000));
    await home.put("more.csv", rows(1000, 3000));
    await home.put("bad.csv", rows(10) + "u,i,soon\n");
    await home.put("columns.csv", "USER_ID\nu\n");
  });

  after(() => home.close());

  it("creates a schema", async () => {
    ({ schemaArn } = await call("CreateSchema", { name, schema: SCHEMA }));
    const { schema } = await call("DescribeSchema", { schemaArn });
    assert.equal(schema.schema, SCHEMA);
    assert.ok(Math.abs(schema.creationDateTime - Date.now()) < 300_000, schema.creationDateTime);
    await refused(
      call("CreateSchema", { name, schema: SCHEMA }),
      "ResourceAlreadyExistsException",
      `Another resource with Arn ${schemaArn} already exists.`,
    );
    await refused(call("CreateSchema", { name: unique("s"), schema: "{" }), "InvalidInputException");
  });

  it("creates a dataset group", async () => {
    const tags = [{ tagKey: "team", tagValue: "home" }];
    ({ datasetGroupArn } = await call("CreateDatasetGroup", { name, tags }));
    const group = await settled(() => call("DescribeDatasetGroup", { datasetGroupArn }));
    assert.equal(group.status, "ACTIVE");
    assert.equal(group.failureReason, undefined);
    assert.ok(group.lastUpdatedDateTime instanceof Date);
  });

  it("creates a dataset", async () => {
    ({ datasetArn } = await call("CreateDataset", { name, datasetType: "Interactions", datasetGroupArn, schemaArn }));
    const dataset = await settled(() => call("DescribeDataset", { datasetArn }));
    assert.equal(dataset.status, "ACTIVE");
    assert.equal(dataset.datasetType, "INTERACTIONS");
    await refused(
      call("CreateDataset", { name, datasetType: "Interactions", datasetGroupArn, schemaArn }),
      "ResourceAlreadyExistsException",
    );
    await refused(call("UpdateDataset", { datasetArn, schemaArn }), "InvalidInputException");
  });

  it("refuses imports that cannot work", async () => {
    await refused(startImport("x", "more.csv", { importMode: "INCREMENTAL" }), "InvalidInputException");
    await refused(startImport("x", "none.csv"), "InvalidInputException", "Invalid Data location.");
    await refused(
      startImport("x", "columns.csv"),
      "InvalidInputException",
      "Input csv is missing the following columns: [ITEM_ID, TIMESTAMP]",
    );
    const roleArn = role + "-none";
    await refused(startImport("x", "full.csv", { roleArn }), "InvalidInputException");
    const tags = Array.from({ length: 51 }, (_, i) => ({ tagKey: `k${i}`, tagValue: "" }));
    await refused(startImport("x", "full.csv", { tags }), "TooManyTagsException");
  });

  it("imports", async () => {
    const full = await runImport("full", "full.csv");
    assert.equal(full.status, "ACTIVE", full.failureReason);
    assert.equal(full.importMode, "FULL");
    const more = await runImport("more", "more.csv", { importMode: "INCREMENTAL" });
    assert.equal(more.status, "ACTIVE", more.failureReason);
    const bad = await runImport("bad", "bad.csv");
    assert.equal(bad.status, "CREATE FAILED");
    assert.match(bad.failureReason, new RegExp(`s3://${bucket}/bad\\.csv.*\\bline 12\\b`, "s"));
    assert.ok(bad.failureReason.includes("TIMESTAMP") && bad.failureReason.includes("soon"), bad.failureReason);
  });

  it("lists, page by page", async () => {
    const seen = [];
    const pages = personalize.paginateListDatasetImportJobs({ client: P, pageSize: 2 }, { datasetArn });
    for await (const page of pages) seen.push(...page.datasetImportJobs.map((j) => j.datasetImportJobArn));
    assert.deepEqual(seen, jobs);
    const { datasets } = await call("ListDatasets", { datasetGroupArn });
    assert.deepEqual(datasets.map((d) => d.datasetArn), [datasetArn]);
    for (const list of ["ListSchemas", "ListDatasetGroups", "ListDatasets", "ListDatasetImportJobs"])
      await refused(call(list, { nextToken: "nonsense" }), "InvalidNextTokenException");
  });

  it("tags", async () => {
    const resourceArn = datasetGroupArn;
    await call("TagResource", { resourceArn, tags: [{ tagKey: "a", tagValue: "" }] });
    await call("UntagResource", { resourceArn, tagKeys: ["team"] });
    assert.deepEqual((await call("ListTagsForResource", { resourceArn })).tags, [{ tagKey: "a", tagValue: "" }]);
    const tagKeys = Array.from({ length: 51 }, (_, i) => `k${i}`);
    await refused(call("UntagResource", { resourceArn, tagKeys }), "TooManyTagKeysException");
    await refused(call("ListTagsForResource", { resourceArn: schemaArn }), "InvalidInputException");
  });

  it("answers with exceptions", async () => {
    const nowhere = datasetGroupArn + "-none";
    await refused(call("DescribeDatasetGroup", { datasetGroupArn: nowhere }), "ResourceNotFoundException", nowhere);
    await refused(
      call("CreateDatasetGroup", { name: "not/a/name" }),
      "ValidationException",
      "1 validation error detected: Value 'not/a/name' at 'name' failed to satisfy constraint: ",
    );
    const credentials = { accessKeyId: "AKIAXXXXXXXXXXXXXXXX", secretAccessKey: "wrong" };
    const stranger = new personalize.PersonalizeClient({ credentials, maxAttempts: 1 });
    await refused(stranger.send(new personalize.ListSchemasCommand({})), "UnrecognizedClientException");
    const forger = new personalize.PersonalizeClient({
      credentials: { ...(await P.config.credentials()), secretAccessKey: "wrong" },
      maxAttempts: 1,
    });
    await refused(forger.send(new personalize.ListSchemasCommand({})), "InvalidSignatureException");
  });

  it("corrects a wrong clock by itself", async () => {
    const client = new personalize.PersonalizeClient({ systemClockOffset: -3_600_000, maxAttempts: 2 });
    await client.send(new personalize.ListSchemasCommand({}));
    assert.ok(Math.abs(client.config.systemClockOffset) < 60_000);
  });

  it("streams events", async () => {
    const { eventTrackerArn, trackingId } = await call("CreateEventTracker", { name, datasetGroupArn });
    assert.equal((await settled(() => call("DescribeEventTracker", { eventTrackerArn }))).trackingId, trackingId);
    const put = (...eventList) => E.send(new events.PutEventsCommand({ trackingId, userId: "u1", sessionId: "s", eventList }));
    const event = { eventType: "watch", itemId: "i1", sentAt: new Date(1_700_000_000_123), impression: ["i1", "i2"] };
    // Properties may be given as text, or as an object that the SDK makes text of.
    await put(event, { ...event, properties: '{"itemId":"i2"}' }, { ...event, properties: { itemId: "i3" } });
    const bad = await put(event, { ...event, properties: '{"impression":"x"}' }).catch((e) => e);
    assert.ok(bad instanceof events.InvalidInputException, bad);
    assert.match(bad.message, /Error parsing properties json: eventList\.2\.member.*"impression"/);
    const users = (datasetArn) => E.send(new events.PutUsersCommand({ datasetArn, users: [{ userId: "u" }] }));
    const none = await users(datasetArn.replace(/[^/]+$/, "USERS")).catch((e) => e);
    assert.ok(none instanceof events.ResourceNotFoundException, none);
    assert.equal(none.$metadata.httpStatusCode, 404);
    await refused(call("CreateEventTracker", { name, datasetGroupArn }), "ResourceAlreadyExistsException", eventTrackerArn);
    await refused(call("DeleteDataset", { datasetArn }), "ResourceInUseException", eventTrackerArn);
    await call("DeleteEventTracker", { eventTrackerArn });
    await gone(() => call("DescribeEventTracker", { eventTrackerArn }));
  });

  it("trains, deploys and recommends", async () => {
    const recipeArn = "arn:aws:personalize:::recipe/aws-popularity-count";
    const { solutionArn } = await call("CreateSolution", { name, datasetGroupArn, recipeArn, performAutoTraining: false });
    await settled(() => call("DescribeSolution", { solutionArn }));
    await refused(
      call("CreateSolution", { name: unique("s"), datasetGroupArn, recipeArn, solutionConfig: { algorithmHyperParameters: { bptt: "8" } } }),
      "InvalidInputException",
      "Provide a hyperparameter that is used in the algorithm",
    );
    const { solutionVersionArn } = await call("CreateSolutionVersion", { solutionArn });
    const version = await settled(() => call("DescribeSolutionVersion", { solutionVersionArn }));
    assert.equal(version.status, "ACTIVE", version.failureReason);
    assert.ok(version.trainingHours > 0);
    const { metrics } = await call("GetSolutionMetrics", { solutionVersionArn });
    assert.equal(Object.keys(metrics).length, 8);
    const { campaignArn } = await call("CreateCampaign", { name, solutionVersionArn: `${solutionArn}/$LATEST` });
    assert.equal((await settled(() => call("DescribeCampaign", { campaignArn }))).status, "ACTIVE");
    const ask = (input) => R.send(new runtime.GetRecommendationsCommand({ userId: "u1", ...input }));
    const answer = await ask({ campaignArn, numResults: 5 });
    assert.equal(new Set(answer.itemList.map((i) => i.itemId)).size, 5);
    assert.match(answer.recommendationId, /^RID-[0-9a-f-]{36}$/);
    const err = await ask({ campaignArn: campaignArn + "-none" }).catch((e) => e);
    assert.ok(err instanceof runtime.ResourceNotFoundException, err);
    assert.equal(err.$metadata.httpStatusCode, 404);
    assert.ok((await ask({ campaignArn, numResults: 501 }).catch((e) => e)) instanceof runtime.InvalidInputException);
    await refused(call("DeleteSolution", { solutionArn }), "ResourceInUseException", campaignArn);
    await call("DeleteCampaign", { campaignArn });
    await gone(() => call("DescribeCampaign", { campaignArn }));
    await call("DeleteSolution", { solutionArn });
    await gone(() => call("DescribeSolution", { solutionArn }));
  });

  it("deletes from the inside out", async () => {
    await refused(call("DeleteSchema", { schemaArn }), "ResourceInUseException");
    await refused(call("DeleteDatasetGroup", { datasetGroupArn }), "ResourceInUseException");
    await call("DeleteDataset", { datasetArn });
    await gone(() => call("DescribeDataset", { datasetArn }));
    await call("DeleteDatasetGroup", { datasetGroupArn });
    await gone(() => call("DescribeDatasetGroup", { datasetGroupArn }));
    await call("DeleteSchema", { schemaArn });
    await refused(call("DescribeSchema", { schemaArn }), "ResourceNotFoundException");
  });
});
