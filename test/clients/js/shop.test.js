// From data to answers that follow events, and campaigns over their life, by the
// AWS SDK for JavaScript v3.
"use strict";

const assert = require("node:assert/strict");
const { after, before, describe, it } = require("node:test");

const events = require("@aws-sdk/client-personalize-events");
const runtime = require("@aws-sdk/client-personalize-runtime");

const personalize = require("@aws-sdk/client-personalize");

const { E, Home, P, R, call, gone, refused, settled, unique } = require("./account.js");

const schema = (name, ...fields) =>
  JSON.stringify({ type: "record", name, namespace: "com.amazonaws.personalize.schema", fields, version: "1.0" });
const string = (name) => ({ name, type: "string" });
const category = (name) => ({ name, type: "string", categorical: true });
const long = (name) => ({ name, type: "long" });
const RECIPE = "arn:aws:personalize:::recipe/";

const SCHEMAS = {
  Interactions: schema("Interactions", string("USER_ID"), string("ITEM_ID"), string("EVENT_TYPE"), category("DEVICE"), long("TIMESTAMP")),
  Items: schema("Items", string("ITEM_ID"), category("GENRES"), long("CREATION_TIMESTAMP")),
  Users: schema("Users", string("USER_ID"), category("CLUB")),
};
const ITEMS = ["a", "b"].flatMap((genre) => Array.from({ length: 20 }, (_, n) => `${genre}${n}`));

// u0, u2, ... take items of a0 to a19 and u1, u3, ... of b0 to b19: the first ten
// on a phone and the others on a tv. All is old, but that many took b7 just now.
function interactions() {
  const rows = ["USER_ID,ITEM_ID,EVENT_TYPE,DEVICE,TIMESTAMP"];
  let state = 1; // of a linear congruential generator
  for (let u = 0; u < 200; u++)
    for (let step = 0; step < 14; step++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const n = Math.floor((state / 2 ** 32) * 20);
      rows.push(`u${u},${"ab"[u % 2]}${n},View,${n < 10 ? "phone" : "tv"},${1700000000 + u * 1000 + step}`);
    }
  const now = Math.floor(Date.now() / 1000) - 60;
  for (let u = 1; u < 20; u += 2) rows.push(`u${u},b7,View,phone,${now}`);
  return rows.join("\n") + "\n";
}

function members() {
  const rows = Array.from({ length: 200 }, (_, u) => `u${u},${u % 2 ? "south" : "north"}`);
  return ["USER_ID,CLUB", ...rows, "quiet-a,north", "quiet-b,south"].join("\n") + "\n";
}

function items() {
  const rows = ITEMS.map((id) => `${id},${id[0] === "a" ? "Action" : "Ballet"},1600000000`);
  return ["ITEM_ID,GENRES,CREATION_TIMESTAMP", ...rows].join("\n") + "\n";
}

const ids = (answer) => (answer.itemList ?? answer.personalizedRanking).map((i) => i.itemId);
const count = (answer, genre) => ids(answer).slice(0, 10).filter((id) => id[0] === genre).length;
const sum = (scores) => scores.reduce((a, b) => a + b, 0);

describe("shop", () => {
  const name = unique("js-shop");
  const home = new Home(name);
  const undo = [];
  let datasetGroupArn, trackingId;

  // made creates a resource, waits until it is ACTIVE, and has it deleted at the end.
  async function made(kind, input) {
    const argument = kind[0].toLowerCase() + kind.slice(1) + "Arn";
    const created = await call(`Create${kind}`, input);
    const which = { [argument]: created[argument] };
    undo.push(() => removed(kind, which));
    if (kind !== "Schema") {
      const resource = await settled(() => call(`Describe${kind}`, which));
      assert.equal(resource.status, "ACTIVE", resource.failureReason);
    }
    return created;
  }

  // removed deletes, which is refused as long as something that is being deleted
  // still uses the resource, until the resource is not found.
  async function removed(kind, which) {
    for (const end = Date.now() + 60_000; Date.now() < end; ) {
      const error = await call(`Delete${kind}`, which).catch((e) => e);
      if (error.name === "ResourceNotFoundException") return;
      if (error instanceof Error) assert.equal(error.name, "ResourceInUseException", error);
    }
    assert.fail(`${JSON.stringify(which)} is still there`);
  }

  async function solution(recipe, more) {
    const input = { name: unique("s"), datasetGroupArn, recipeArn: RECIPE + recipe, performAutoTraining: false };
    return (await made("Solution", { ...input, ...more })).solutionArn;
  }

  async function version(solutionArn) {
    const { solutionVersionArn } = await call("CreateSolutionVersion", { solutionArn });
    const version = await settled(() => call("DescribeSolutionVersion", { solutionVersionArn }));
    assert.equal(version.status, "ACTIVE", version.failureReason);
    return solutionVersionArn;
  }

  const trained = async (recipe, more) => version(await solution(recipe, more));
  const campaign = async (solutionVersionArn, campaignConfig) =>
    (await made("Campaign", { name: unique("c"), solutionVersionArn, campaignConfig })).campaignArn;

  const ask = (input) => R.send(new runtime.GetRecommendationsCommand(input));
  const rank = (input) => R.send(new runtime.GetPersonalizedRankingCommand(input));
  const put = (who, ...itemIds) => {
    const eventList = itemIds.map((itemId) => ({ eventType: "View", itemId, sentAt: new Date(), properties: { device: "phone" } }));
    return E.send(new events.PutEventsCommand({ trackingId, eventList, ...who }));
  };

  // invalid checks that the call is refused with the runtime client's own class.
  async function invalid(promise, text) {
    const error = await promise.catch((e) => e);
    assert.ok(error instanceof runtime.InvalidInputException, error);
    assert.ok(error.message.includes(text), error.message);
  }

  before(async () => {
    const roleArn = await home.open("s3:GetObject", "s3:ListBucket");
    ({ datasetGroupArn } = await made("DatasetGroup", { name }));
    for (const [datasetType, rows] of Object.entries({ Interactions: interactions(), Items: items(), Users: members() })) {
      const { schemaArn } = await made("Schema", { name: unique("s"), schema: SCHEMAS[datasetType] });
      const { datasetArn } = await made("Dataset", { name: unique("d"), datasetType, datasetGroupArn, schemaArn });
      await home.put(`${datasetType}.csv`, rows);
      const dataSource = { dataLocation: `s3://${home.bucket}/${datasetType}.csv` };
      const { datasetImportJobArn } = await call("CreateDatasetImportJob", { jobName: unique("j"), datasetArn, dataSource, roleArn });
      const job = await settled(() => call("DescribeDatasetImportJob", { datasetImportJobArn }));
      assert.equal(job.status, "ACTIVE", job.failureReason);
    }
    ({ trackingId } = await made("EventTracker", { name, datasetGroupArn }));
  });

  after(async () => {
    for (const step of undo.reverse()) await step();
    await home.close();
  });

  it("describes recipes", async () => {
    const names = [];
    for await (const page of personalize.paginateListRecipes({ client: P, pageSize: 7 }, {})) names.push(...page.recipes.map((r) => r.name));
    assert.equal(names.length, 25);
    assert.deepEqual(names, [...names].sort());
    assert.equal((await call("ListRecipes", { domain: "VIDEO_ON_DEMAND" })).recipes.length, 5);
    const { recipe } = await call("DescribeRecipe", { recipeArn: RECIPE + "aws-trending-now" });
    const { algorithm } = await call("DescribeAlgorithm", { algorithmArn: recipe.algorithmArn });
    assert.equal(algorithm.name, "aws-trending-now-custom");
    const { featureTransformationArn } = recipe;
    const { featureTransformation } = await call("DescribeFeatureTransformation", { featureTransformationArn });
    assert.deepEqual(featureTransformation.defaultParameters, { trend_discovery_frequency: "2 hours" });
    await refused(call("DescribeRecipe", { recipeArn: RECIPE + "none" }), "ResourceNotFoundException", "recipe/none");
  });

  it("recommends, and follows events", async () => {
    const solutionVersionArn = await trained("aws-user-personalization-v2");
    assert.equal(Object.keys((await call("GetSolutionMetrics", { solutionVersionArn })).metrics).length, 8);
    const campaignArn = await campaign(solutionVersionArn);

    const all = await ask({ campaignArn, userId: "u0", numResults: 40, metadataColumns: { ITEMS: ["GENRES"] } });
    assert.deepEqual(ids(all).sort(), [...ITEMS].sort());
    assert.ok(Math.abs(sum(all.itemList.map((i) => i.score)) - 1) < 1e-5);
    for (const { itemId, metadata } of all.itemList) assert.deepEqual(metadata, { GENRES: itemId[0] === "a" ? "Action" : "Ballet" });
    assert.ok(count(all, "a") >= 8, ids(all));
    assert.match(all.recommendationId, /^RID-[0-9a-f-]{36}$/);
    for (const genre of "ab") assert.ok(count(await ask({ campaignArn, userId: `quiet-${genre}` }), genre) >= 7);
    for (const [device, early] of Object.entries({ phone: true, tv: false })) {
      const answer = await ask({ campaignArn, userId: "u0", numResults: 6, context: { DEVICE: device } });
      assert.ok(ids(answer).filter((id) => Number(id.slice(1)) < 10 === early).length >= 5, `${device}: ${ids(answer)}`);
    }

    const [userId, sessionId] = [unique("user"), unique("session")];
    const stranger = await ask({ campaignArn, userId });
    await put({ sessionId }, "b3");
    assert.ok(count(await ask({ campaignArn, userId: sessionId }), "b") >= 8);
    assert.deepEqual(ids(await ask({ campaignArn, userId })), ids(stranger));
    await put({ sessionId, userId }, "b5");
    assert.ok(count(await ask({ campaignArn, userId }), "b") >= 8);
    assert.deepEqual(ids(await ask({ campaignArn, userId: "someone else" })), ids(stranger));

    await invalid(ask({ campaignArn }), "userId is missing");
    await invalid(ask({ campaignArn, userId, numResults: 51, metadataColumns: { ITEMS: ["GENRES"] } }), "at most 50");
    await invalid(rank({ campaignArn, userId, inputList: ["a1"] }), "ranks no lists");
  });

  it("ranks", async () => {
    const campaignArn = await campaign(await trained("aws-personalized-ranking-v2"));
    const userId = unique("user");
    await put({ userId, sessionId: userId }, "b3", "b4");
    const { personalizedRanking: list } = await rank({ campaignArn, userId, inputList: ["none", "a1", "b1", "a2", "b2"] });
    assert.deepEqual(list.map((i) => i.itemId[0]), ["b", "b", "a", "a", "n"]);
    assert.ok(Math.abs(sum(list.slice(0, 4).map((i) => i.score)) - 1) < 1e-5);
    assert.equal(list[4].score, undefined);
    await invalid(ask({ campaignArn, userId }), "GetPersonalizedRanking");
  });

  it("finds similar items", async () => {
    const version = await trained("aws-similar-items");
    const campaignArn = await campaign(version, { enableMetadataWithRecommendations: true });
    const answer = await ask({ campaignArn, itemId: "b4", numResults: 10, metadataColumns: { ITEMS: ["GENRES"] } });
    for (const item of answer.itemList) assert.deepEqual([item.metadata, item.score], [{ GENRES: "Ballet" }, undefined]);
    assert.deepEqual(ids(await ask({ campaignArn, itemId: "none" })), ids(await ask({ campaignArn, itemId: "nor this" })));
    await invalid(ask({ campaignArn, userId: "u0" }), "itemId is missing");
    await refused(
      call("CreateSolution", {
        name: unique("s"),
        datasetGroupArn,
        recipeArn: RECIPE + "aws-similar-items",
        solutionConfig: { algorithmHyperParameters: { depth: "3" } },
      }),
      "InvalidInputException",
      '"depth"',
    );
  });

  it("finds trends", async () => {
    const solutionConfig = { featureTransformationParameters: { trend_discovery_frequency: "30 minutes" } };
    const solutionVersionArn = await trained("aws-trending-now", { solutionConfig });
    const { metrics } = await call("GetSolutionMetrics", { solutionVersionArn });
    assert.ok("trend_prediction_accuracy" in metrics, metrics);
    const { itemList } = await ask({ campaignArn: await campaign(solutionVersionArn), numResults: 3 });
    assert.deepEqual(itemList[0], { itemId: "b7" });
  });

  it("explores as it is told", async () => {
    const itemExplorationConfig = { explorationWeight: "0", explorationItemAgeCutOff: "7" };
    const campaignArn = await campaign(await trained("aws-user-personalization"), { itemExplorationConfig });
    const described = (await call("DescribeCampaign", { campaignArn })).campaign;
    assert.deepEqual(described.campaignConfig, { itemExplorationConfig });
    const scores = (await ask({ campaignArn, userId: "u1", numResults: 40 })).itemList.map((i) => i.score);
    assert.ok(scores.length === 40 && Math.abs(sum(scores) - 1) < 1e-5, scores);
    assert.deepEqual(scores, [...scores].sort((a, b) => b - a));
    await invalid(ask({ campaignArn, userId: "u1", metadataColumns: { ITEMS: ["GENRES"] } }), "enableMetadataWithRecommendations");
  });

  it("stops trainings", async () => {
    const hpoResourceConfig = { maxNumberOfTrainingJobs: "40", maxParallelTrainingJobs: "1" };
    const more = { performHPO: true, solutionConfig: { hpoConfig: { hpoResourceConfig } } };
    const solutionArn = await solution("aws-user-personalization", more);
    const { solutionVersionArn } = await call("CreateSolutionVersion", { solutionArn });
    await refused(call("GetSolutionMetrics", { solutionVersionArn }), "ResourceInUseException");
    await refused(call("DeleteSolution", { solutionArn }), "ResourceInUseException", solutionVersionArn);
    await call("StopSolutionVersionCreation", { solutionVersionArn });
    const stopped = await settled(() => call("DescribeSolutionVersion", { solutionVersionArn }));
    assert.equal(stopped.status, "CREATE STOPPED");
    await refused(call("StopSolutionVersionCreation", { solutionVersionArn }), "ResourceInUseException", "CREATE STOPPED");
  });

  it("moves campaigns to other versions", async () => {
    const solutionArn = await solution("aws-popularity-count");
    const versions = [await version(solutionArn)];
    const campaignArn = await campaign(versions[0]);
    versions.unshift(await version(solutionArn));
    const update = (input) => call("UpdateCampaign", { campaignArn, ...input });
    const campaignConfig = { syncWithLatestSolutionVersion: true };
    await refused(update({ solutionVersionArn: versions[0], campaignConfig }), "InvalidInputException", "$LATEST");
    await update({ solutionVersionArn: `${solutionArn}/$LATEST`, campaignConfig });
    const serves = async (arn) => {
      const described = await settled(async () => ({ update: (await call("DescribeCampaign", { campaignArn })).campaign.latestCampaignUpdate }));
      assert.equal(described.status, "ACTIVE", described.failureReason);
      assert.equal((await call("DescribeCampaign", { campaignArn })).campaign.solutionVersionArn, arn);
    };
    await serves(versions[0]);
    versions.unshift(await version(solutionArn));
    await serves(versions[0]);

    const seen = [];
    const pages = personalize.paginateListSolutionVersions({ client: P, pageSize: 2 }, { solutionArn });
    for await (const page of pages) seen.push(...page.solutionVersions.map((v) => v.solutionVersionArn));
    assert.deepEqual(seen, versions);
    assert.deepEqual((await call("ListCampaigns", { solutionArn })).campaigns.map((c) => c.campaignArn), [campaignArn]);
    for (const list of ["ListRecipes", "ListSolutions", "ListSolutionVersions", "ListCampaigns"])
      await refused(call(list, { nextToken: "nonsense" }), "InvalidNextTokenException");

    await refused(call("DeleteSolution", { solutionArn }), "ResourceInUseException", campaignArn);
    await refused(call("DeleteDatasetGroup", { datasetGroupArn }), "ResourceInUseException");
    await call("DeleteCampaign", { campaignArn });
    await gone(() => call("DescribeCampaign", { campaignArn }));
    const error = await ask({ campaignArn }).catch((e) => e);
    assert.ok(error instanceof runtime.ResourceNotFoundException, error);
    await call("DeleteSolution", { solutionArn });
    await gone(() => call("DescribeSolution", { solutionArn }));
    await refused(call("DescribeSolutionVersion", { solutionVersionArn: versions[0] }), "ResourceNotFoundException");
  });
});
