// What the tests do with an account: call, wait, and keep a bucket and a role.
"use strict";

const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { setTimeout: sleep } = require("node:timers/promises");

const personalize = require("@aws-sdk/client-personalize");
const events = require("@aws-sdk/client-personalize-events");
const runtime = require("@aws-sdk/client-personalize-runtime");
const s3 = require("@aws-sdk/client-s3");
const iam = require("@aws-sdk/client-iam");
const sts = require("@aws-sdk/client-sts");

const P = new personalize.PersonalizeClient({ maxAttempts: 1 });
const E = new events.PersonalizeEventsClient({ maxAttempts: 1 });
const R = new runtime.PersonalizeRuntimeClient({ maxAttempts: 1 });
const S3 = new s3.S3Client({});
const IAM = new iam.IAMClient({});

const unique = (prefix) => `${prefix}-${randomUUID().slice(0, 13)}`;
const call = (name, input = {}) => P.send(new personalize[`${name}Command`](input));

const statement = (more) => JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...more }] });
const trust = statement({ Principal: { Service: "personalize.amazonaws.com" }, Action: "sts:AssumeRole" });

// Home is a bucket, and a role of Personalize's with rights to it, under a name.
class Home {
  constructor(name) {
    this.name = name;
    this.bucket = `${name}-bucket`;
  }

  // open makes both and returns the role's ARN; the role may do actions.
  async open(...actions) {
    const { Account } = await new sts.STSClient({}).send(new sts.GetCallerIdentityCommand({}));
    assert.match(Account, /^\d{12}$/);
    await S3.send(new s3.CreateBucketCommand({ Bucket: this.bucket }));
    const { Role } = await IAM.send(new iam.CreateRoleCommand({ RoleName: this.name, AssumeRolePolicyDocument: trust }));
    assert.equal(Role.Arn, `arn:aws:iam::${Account}:role/${this.name}`);
    const policy = statement({ Action: actions, Resource: [`arn:aws:s3:::${this.bucket}`, `arn:aws:s3:::${this.bucket}/*`] });
    await IAM.send(new iam.PutRolePolicyCommand({ RoleName: this.name, PolicyName: "rights", PolicyDocument: policy }));
    return Role.Arn;
  }

  async close() {
    await IAM.send(new iam.DeleteRolePolicyCommand({ RoleName: this.name, PolicyName: "rights" }));
    await IAM.send(new iam.DeleteRoleCommand({ RoleName: this.name }));
    for (const Key of await this.keys()) await S3.send(new s3.DeleteObjectCommand({ Bucket: this.bucket, Key }));
    await S3.send(new s3.DeleteBucketCommand({ Bucket: this.bucket }));
  }

  put(Key, Body) {
    return S3.send(new s3.PutObjectCommand({ Bucket: this.bucket, Key, Body }));
  }

  async text(Key) {
    const { Body } = await S3.send(new s3.GetObjectCommand({ Bucket: this.bucket, Key }));
    return Body.transformToString();
  }

  async keys(Prefix) {
    const { Contents = [] } = await S3.send(new s3.ListObjectsV2Command({ Bucket: this.bucket, Prefix }));
    return Contents.map((object) => object.Key);
  }
}

// settled polls until the resource is ACTIVE, the job has ended, or either failed
// or was stopped.
async function settled(describeIt) {
  for (const end = Date.now() + 120_000; Date.now() < end; await sleep(20)) {
    const resource = Object.values(await describeIt()).find((v) => v?.status);
    if (["ACTIVE", "COMPLETED", "CREATE FAILED", "FAILED", "CREATE STOPPED"].includes(resource.status)) return resource;
  }
  throw new Error("not settled after 120 seconds");
}

// gone polls until a deleted resource is not found.
async function gone(describeIt) {
  for (const end = Date.now() + 120_000; Date.now() < end; await sleep(20)) {
    try {
      await describeIt();
    } catch (err) {
      assert.ok(err instanceof personalize.ResourceNotFoundException, err);
      return;
    }
  }
  throw new Error("not gone after 120 seconds");
}

// refused checks that the promise rejects with the SDK's own class for the
// exception, HTTP 400, and a message with the text.
async function refused(promise, code, text = "") {
  const err = await promise.then(
    () => assert.fail(`no ${code}`),
    (e) => e,
  );
  assert.equal(err.name, code, err);
  if (personalize[code]) assert.ok(err instanceof personalize[code], `${err} is no ${code}`);
  assert.equal(err.$metadata.httpStatusCode, 400);
  assert.match(err.$metadata.requestId, /^[0-9a-f-]{36}$/);
  assert.ok(err.message.includes(text), err.message);
}

module.exports = { E, Home, P, R, call, gone, refused, settled, unique };
