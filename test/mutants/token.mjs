// Mutations: the handover token. Part of the list in test/mutants.mjs.

/** @type {readonly import('../../scripts/mutants.mjs').Mutant[]} */
export const TOKEN = [
  {
    name: 'a token is redeemed for any number of contacts',
    file: 'src/handover/dynamodb-store.ts',
    find: 'attribute_exists(pk) AND (consumed_by = :contact OR (attribute_not_exists(consumed_by) AND expires_at > :now))',
    replace: 'attribute_exists(pk) AND (consumed_by = :contact OR expires_at > :now)',
    tests: ['src/handover/store.test.ts'],
  },
  {
    name: 'an expired token is redeemed',
    file: 'src/handover/dynamodb-store.ts',
    find: '(attribute_not_exists(consumed_by) AND expires_at > :now)',
    replace: 'attribute_not_exists(consumed_by)',
    tests: ['src/handover/store.test.ts'],
  },
  {
    name: 'the record of a token that is in use is overwritten',
    file: 'src/handover/dynamodb-store.ts',
    find: "'attribute_not_exists(pk) OR expires_at <= :now'",
    replace: "'attribute_not_exists(pk) OR expires_at <= :now OR expires_at > :now'",
    tests: ['src/handover/store.test.ts'],
  },
  {
    name: 'a number may send any number of wrong tokens',
    file: 'lambda/connect/redeem.ts',
    find: '    await countFailure(options, question, nowSeconds);\n  }\n  return answer(status);',
    replace: '  }\n  return answer(status);',
    tests: ['lambda/connect/redeem.test.ts'],
  },
  {
    name: 'a caller known by the number alone brings the conversation',
    file: 'lambda/connect/redeem.ts',
    find: "customer_name: '',\n      summary: UNVERIFIED,\n      briefing: '',\n      ...NO_RECORDING,",
    replace: '',
    tests: ['lambda/connect/redeem.test.ts'],
  },
  {
    name: 'a token may have a digit twice in a row',
    file: 'src/handover/token.ts',
    find: '1 + randomInt(9)',
    replace: 'randomInt(10)',
    tests: ['src/handover/token.test.ts'],
  },

  {
    name: 'a Lambda without permission on its table is healthy',
    file: 'lambda/connect/report.ts',
    find: 'if (EVERY_CALL.has(code)) writeHealth(false);',
    replace: '',
    tests: ['lambda/connect/report.test.ts'],
  },
  {
    name: "the Lambda's metrics are in a namespace that no alarm of the deployment reads",
    file: 'lambda/connect/report.ts',
    find: 'Namespace: namespace,',
    replace: 'Namespace: NAMESPACE,',
    tests: ['lambda/connect/report.test.ts'],
  },
  {
    name: "the token is in Connect's flow log",
    file: 'connect/contact-flow.json',
    find: '"Parameters": { "FlowLoggingBehavior": "Disabled" }',
    replace: '"Parameters": { "FlowLoggingBehavior": "Enabled" }',
    tests: ['sim/connect/flow-lint.test.ts'],
  },
  {
    name: 'a HubSpot create that was answered with 503 is repeated at once',
    file: 'src/crm/hubspot-answer.ts',
    find: "return failed('HUBSPOT_FAILED', `${reply}.`, true);",
    replace: "return failed('HUBSPOT_FAILED', `${reply}.`, false);",
    tests: ['src/crm/hubspot-trouble.test.ts'],
  },
  {
    name: 'a gateway whose clock is behind writes records that have expired',
    file: 'src/handover/desk.ts',
    find: 'clock.epochMs() + aheadMs',
    replace: 'clock.epochMs()',
    tests: ['src/handover/desk.test.ts'],
  },
];
