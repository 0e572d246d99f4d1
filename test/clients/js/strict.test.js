// Amazon's own quotas, which only a server with --strict-limits has. Such a server
// is told of by BESPOKE_TEST_STRICT=1.
"use strict";

const { it } = require("node:test");

const { call, gone, refused, settled, unique } = require("./account.js");

it("has five dataset groups at most", { skip: process.env.BESPOKE_TEST_STRICT !== "1" }, async () => {
  const name = unique("js");
  const made = [];
  for (let i = 0; i < 5; i++) {
    const { datasetGroupArn } = await call("CreateDatasetGroup", { name: `${name}-${i}` });
    made.push(datasetGroupArn);
  }
  await refused(call("CreateDatasetGroup", { name }), "LimitExceededException", "5");
  for (const datasetGroupArn of made) {
    await settled(() => call("DescribeDatasetGroup", { datasetGroupArn }));
    await call("DeleteDatasetGroup", { datasetGroupArn });
    await gone(() => call("DescribeDatasetGroup", { datasetGroupArn }));
  }
});
