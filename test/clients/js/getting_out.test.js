// Exports, deletions of users and metrics of events with the AWS SDK for
// JavaScript v3, run as story.test.js is.
"use strict";

const assert = require("node:assert/strict");
const { after, before, describe, it } = require("node:test");

const personalize = require("@aws-sdk/client-personalize");
const events = require("@aws-sdk/client-personalize-events");

const { E, Home, P, call, gone, refused, settled, unique } = require("./account.js");

const nullable = (name, type) => ({ name, type: ["null", type] });
const SCHEMA = JSON.stringify({
  type: "record",
  name: "Interactions",
  namespace: "com.amazonaws.personalize.schema",
  fields: [
    { name: "USER_ID", type: "string" },
    { name: "ITEM_ID", type: "string" },
    { name: "EVENT_TYPE", type: "string" },
    nullable("EVENT_VALUE", "float"),
    { name: "TIMESTAMP", type: "long" },
    nullable("EVENT_ATTRIBUTION_SOURCE", "string"),
  ],
  version: "1.0",
});

const HEADER = "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP,EVENT_ATTRIBUTION_SOURCE";
const IMPORTED = ['u1,"i, 1",watch,0.1,1700000000,mail', "u1,i2,watch,,1700000001,", "u2,i1,buy,3,1700000002,"];
const STREAMED = "u3,i9,watch,2.5,1700000003,push";

const csv = (...rows) => [HEADER, ...rows, ""].join("\n");

// rows returns the rows of a CSV text, sorted.
function rows(text) {
  const [header, ...lines] = text.split("\n");
  assert.equal(header, HEADER);
  assert.equal(lines.pop(), "");
  return lines.sort();
}

describe("getting out", () => {
  const name = unique("js");
  const home = new Home(name);
  const at = (path) => `s3://${home.bucket}/${path}`;
  let role, schemaArn, datasetGroupArn, datasetArn, eventTrackerArn;

  async function runImport(job, key, more) {
    const { datasetImportJobArn } = await call("CreateDatasetImportJob", {
      jobName: `${name}-${job}`,
      datasetArn,
      dataSource: { dataLocation: at(key) },
      roleArn: role,
      ...more,
    });
    const ended = await settled(() => call("DescribeDatasetImportJob", { datasetImportJobArn }));
    assert.equal(ended.status, "ACTIVE", ended.failureReason);
    return ended;
  }

  const startExport = (job, more) =>
    call("CreateDatasetExportJob", {
      jobName: `${name}-${job}`,
      datasetArn,
      roleArn: role,
      jobOutput: { s3DataDestination: { path: at("out") } },
      ...more,
    });

  // runExport returns the job and the rows that it wrote.
  async function runExport(job, ingestionMode) {
    const { datasetExportJobArn } = await startExport(job, { ingestionMode });
    const ended = await settled(() => call("DescribeDatasetExportJob", { datasetExportJobArn }));
    assert.equal(ended.status, "ACTIVE", ended.failureReason);
    return { job: ended, written: rows(await home.text(`out/${name}-${job}/part-00000.csv`)) };
  }

  const startDeletion = (job, key) =>
    call("CreateDataDeletionJob", {
      jobName: `${name}-${job}`,
      datasetGroupArn,
      roleArn: role,
      dataSource: { dataLocation: at(key) },
    });

  before(async () => {
    role = await home.open("s3:GetObject", "s3:PutObject", "s3:ListBucket");
    ({ schemaArn } = await call("CreateSchema", { name, schema: SCHEMA }));
    ({ datasetGroupArn } = await call("CreateDatasetGroup", { name }));
    await settled(() => call("DescribeDatasetGroup", { datasetGroupArn }));
    ({ datasetArn } = await call("CreateDataset", { name, datasetType: "Interactions", datasetGroupArn, schemaArn }));
    await settled(() => call("DescribeDataset", { datasetArn }));
    await home.put("in.csv", csv(...IMPORTED));
    await runImport("in", "in.csv");
    const tracker = await call("CreateEventTracker", { name, datasetGroupArn });
    eventTrackerArn = tracker.eventTrackerArn;
    await settled(() => call("DescribeEventTracker", { eventTrackerArn }));
    const event = {
      eventType: "watch",
      itemId: "i9",
      eventValue: 2.5,
      sentAt: new Date(1_700_000_003_000),
      metricAttribution: { eventAttributionSource: "push" },
    };
    await E.send(
      new events.PutEventsCommand({ trackingId: tracker.trackingId, userId: "u3", sessionId: "s", eventList: [event] }),
    );
  });

  after(async () => {
    await call("DeleteEventTracker", { eventTrackerArn });
    await gone(() => call("DescribeEventTracker", { eventTrackerArn }));
    await call("DeleteDataset", { datasetArn });
    await gone(() => call("DescribeDataset", { datasetArn }));
    await call("DeleteDatasetGroup", { datasetGroupArn });
    await gone(() => call("DescribeDatasetGroup", { datasetGroupArn }));
    await call("DeleteSchema", { schemaArn });
    await home.close();
  });

  it("exports what imports again", async () => {
    assert.deepEqual((await runExport("bulk", "BULK")).written, [...IMPORTED].sort());
    const put = await runExport("put");
    assert.equal(put.job.ingestionMode, "PUT");
    assert.deepEqual(put.written, [STREAMED]);
    const all = [...IMPORTED, STREAMED].sort();
    const { job, written } = await runExport("all", "ALL");
    assert.deepEqual(written, all);
    assert.equal(job.jobOutput.s3DataDestination.path, at("out"));
    assert.ok(job.creationDateTime instanceof Date && job.creationDateTime <= job.lastUpdatedDateTime);
    await runImport("again", `out/${name}-all/`);
    // The event is there twice now, and counts as one.
    assert.deepEqual((await runExport("again", "ALL")).written, all);

    const seen = [];
    const pages = personalize.paginateListDatasetExportJobs({ client: P, pageSize: 3 }, { datasetArn });
    for await (const page of pages) seen.push(...page.datasetExportJobs.map((j) => j.jobName));
    assert.deepEqual(seen, ["again", "all", "put", "bulk"].map((job) => `${name}-${job}`));

    await refused(startExport("all"), "ResourceAlreadyExistsException", job.datasetExportJobArn);
    await refused(startExport("x", { roleArn: role + "-none" }), "InvalidInputException");
    await refused(
      startExport("x", { jobOutput: { s3DataDestination: { path: "https://somewhere/x" } } }),
      "InvalidInputException",
      "Invalid S3 output path",
    );
    const datasetExportJobArn = job.datasetExportJobArn + "-none";
    await refused(call("DescribeDatasetExportJob", { datasetExportJobArn }), "ResourceNotFoundException");
  });

  it("deletes users", async () => {
    await refused(startDeletion("x", "in.csv"), "InvalidInputException", "single column USER_ID");
    await home.put("leaving/users.csv", "USER_ID\nu1\nu3\nnobody\n");
    const { dataDeletionJobArn } = await startDeletion("leaving", "leaving/");
    const job = await settled(() => call("DescribeDataDeletionJob", { dataDeletionJobArn }));
    assert.equal(job.status, "COMPLETED", job.failureReason);
    assert.equal(job.numDeleted, 4); // the two rows of u1; the event of u3, which is there twice
    assert.deepEqual((await runExport("rest", "ALL")).written, [IMPORTED[2]]);
    const { dataDeletionJobs } = await call("ListDataDeletionJobs", { datasetGroupArn });
    assert.deepEqual(dataDeletionJobs.map((j) => [j.dataDeletionJobArn, j.status]), [[dataDeletionJobArn, "COMPLETED"]]);
    await refused(startDeletion("leaving", "leaving/"), "ResourceAlreadyExistsException", dataDeletionJobArn);
    await refused(
      call("DescribeDataDeletionJob", { dataDeletionJobArn: dataDeletionJobArn + "-none" }),
      "ResourceNotFoundException",
    );
  });

  it("attributes metrics", async () => {
    const watches = { metricName: "watches", eventType: "watch", expression: "SAMPLECOUNT()" };
    const buys = { metricName: "buys", eventType: "buy", expression: "SAMPLECOUNT()" };
    const minutes = { metricName: "minutes", eventType: "watch", expression: "SUM(Interactions.EVENT_VALUE)" };
    const metricsOutputConfig = { roleArn: role, s3DataDestination: { path: at("metrics") } };
    const create = (...metrics) => call("CreateMetricAttribution", { name, datasetGroupArn, metrics, metricsOutputConfig });
    await refused(create({ ...watches, expression: "SUM(Users.AGE)" }), "InvalidInputException", "at character 5");
    const { metricAttributionArn } = await create(watches, buys);
    const attribution = await settled(() => call("DescribeMetricAttribution", { metricAttributionArn }));
    assert.equal(attribution.status, "ACTIVE");
    assert.equal(attribution.datasetGroupArn, datasetGroupArn);
    assert.deepEqual(attribution.metricsOutputConfig, metricsOutputConfig);
    await refused(create(watches), "ResourceAlreadyExistsException", metricAttributionArn);

    await call("UpdateMetricAttribution", { metricAttributionArn, addMetrics: [minutes], removeMetrics: ["buys"] });
    const seen = {};
    const pages = personalize.paginateListMetricAttributionMetrics({ client: P, pageSize: 1 }, { metricAttributionArn });
    for await (const page of pages) for (const metric of page.metrics) seen[metric.metricName] = metric;
    assert.deepEqual(seen, { watches, minutes });
    const { metricAttributions } = await call("ListMetricAttributions", { datasetGroupArn });
    assert.deepEqual(metricAttributions.map((a) => a.metricAttributionArn), [metricAttributionArn]);

    const now = Math.floor(Date.now() / 1000);
    await home.put("more.csv", csv(`u4,i1,watch,1.5,${now},mail`, `u4,i2,watch,,${now},`, `u4,i2,buy,9,${now},mail`));
    const job = await runImport("more", "more.csv", { importMode: "INCREMENTAL", publishAttributionMetricsToS3: true });
    assert.equal(job.publishAttributionMetricsToS3, true);
    const reports = await home.keys("metrics/");
    assert.equal(reports.length, 1);
    assert.match(reports[0], /^metrics\/AggregatedAttributionMetrics - INCREMENTAL - \d+\.csv$/);
    const [header, ...lines] = (await home.text(reports[0])).trimEnd().split("\n");
    assert.equal(header, "METRIC_NAME,EVENT_TYPE,VALUE,MATH_FUNCTION,EVENT_ATTRIBUTION_SOURCE,TIMESTAMP");
    const window = now - (now % 900);
    assert.deepEqual(lines.sort(), [
      `minutes,watch,1.5,sum,mail,${window}`,
      `watches,watch,1.0,samplecount,SOURCE_NAME_UNDEFINED,${window}`,
      `watches,watch,1.0,samplecount,mail,${window}`,
    ]);

    await refused(call("DeleteDataset", { datasetArn }), "ResourceInUseException");
    await call("DeleteMetricAttribution", { metricAttributionArn });
    await gone(() => call("DescribeMetricAttribution", { metricAttributionArn }));
  });
});
