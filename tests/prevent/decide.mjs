// Decides requests with an evaluator that is not ours: a list of {policy, action, resource, context} on stdin, what
// becomes of each on stdout. The policy is a service control policy beside one that allows everything.
import { runSimulation } from "@cloud-copilot/iam-simulate";
import { readFileSync } from "node:fs";

const everything = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };
const account = "111122223333";
const answers = [];
for (const { policy, action, resource, context } of JSON.parse(readFileSync(0, "utf8"))) {
  const found = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${account}:user/someone`,
        action,
        resource: { resource, accountId: account },
        contextVariables: context,
      },
      identityPolicies: [{ name: "all", policy: everything }],
      serviceControlPolicies: [
        { orgIdentifier: "ou-1", policies: [{ name: "all", policy: everything }, { name: "ours", policy }] },
      ],
      resourceControlPolicies: [],
    },
    {},
  );
  const result = found.overallResult ?? found.analysis?.result;
  answers.push(result ?? `error: ${JSON.stringify(found.errors ?? found)}`);
}
console.log(JSON.stringify(answers));
