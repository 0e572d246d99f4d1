// From data to answers that follow events, by the AWS SDK for JavaScript v3.
"use strict";

const assert = require("node:assert/strict");
const { after, before, describe, it } = require("node:test");

const events = require("@aws-sdk/client-personalize-events");
const runtime = require("@aws-sdk/client-personalize-runtime");

const { E, Home, R, call, refused, settled, unique } = require("./account.js");

const schema = (name, ...fields) =>
  JSON.stringify({ type: "record", name, namespace: "com.amazonaws.personalize.schema", fields, version: "1.0" });
const string = (name) => ({ name, type: "string" });
const category = (name) => ({ name, type: "string", categorical: true });
const long = (name) => ({ name, type: "long" });

const SCHEMAS = {
  Interactions: schema("Interactions", string("USER_ID"), string("ITEM_ID"), string("EVENT_TYPE"), category("DEVICE"), long("TIMESTAMP")),
  Items: schema("Items", string("ITEM_ID"), category("GENRES"), long("CREATION_TIMESTAMP")),
};
const ITEMS = ["a", "b"].flatMap((genre) => Array.from({ length: 20 }, (_, n) => `${genre}${n}`));

// u0, u2, ... take items of a0 to a19 and u1, u3, ... of b0 to b19: the first ten
// on a phone and the others on a tv.
function interactions() {
  const rows = ["USER_ID,ITEM_ID,EVENT_TYPE,DEVICE,TIMESTAMP"];
  let state = 1; // of a linear congruential generator
  for (let u = 0; u < 200; u++)
    for (let step = 0; step < 14; step++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const n = Math.floor((state / 2 ** 32) * 20);
      rows.push(`u${u},${"ab"[u % 2]}${n},View,${n < 10 ? "phone" : "tv"},${1700000000 + u * 1000 + step}`);
    }
  return rows.join("\n") + "\n";
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

  async function trained(recipe, solutionConfig) {
    const recipeArn = `arn:aws:personalize:::recipe/${recipe}`;
    const input = { name: unique("s"), datasetGroupArn, recipeArn, performAutoTraining: false, solutionConfig };
    const { solutionArn } = await made("Solution", input);
    const { solutionVersionArn } = await call("CreateSolutionVersion", { solutionArn });
    const version = await settled(() => call("DescribeSolutionVersion", { solutionVersionArn }));
    assert.equal(version.status, "ACTIVE", version.failureReason);
    return solutionVersionArn;
  }

  const campaign = async (solutionVersionArn) => (await made("Campaign", { name: unique("c"), solutionVersionArn })).campaignArn;

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
    for (const [datasetType, rows] of Object.entries({ Interactions: interactions(), Items: items() })) {
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

  it("recommends, and follows events", async () => {
    const solutionVersionArn = await trained("aws-user-personalization-v2");
    assert.equal(Object.keys((await call("GetSolutionMetrics", { solutionVersionArn })).metrics).length, 8);
    const campaignArn = await campaign(solutionVersionArn);

    const all = await ask({ campaignArn, userId: "u0", numResults: 40, metadataColumns: { ITEMS: ["GENRES"] } });
    assert.deepEqual(ids(all).sort(), [...ITEMS].sort());
    assert.ok(Math.abs(sum(all.itemList.map((i) => i.score)) - 1) < 1e-5);
    for (const { itemId, metadata } of all.itemList) assert.deepEqual(metadata, { GENRES: itemId[0] === "a" ? "Action" : "Ballet" });
    assert.ok(count(all, "a") >= 8, ids(all));
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
    const campaignArn = await campaign(await trained("aws-sims"));
    assert.equal(count(await ask({ campaignArn, itemId: "b4" }), "b"), 10);
    assert.deepEqual(ids(await ask({ campaignArn, itemId: "none" })), ids(await ask({ campaignArn, itemId: "nor this" })));
    await invalid(ask({ campaignArn, userId: "u0" }), "itemId is missing");
    await refused(
      call("CreateSolution", {
        name: unique("s"),
        datasetGroupArn,
        recipeArn: "arn:aws:personalize:::recipe/aws-sims",
        solutionConfig: { algorithmHyperParameters: { depth: "3" } },
      }),
      "InvalidInputException",
      '"depth"',
    );
  });
});
