// The data source aws_iam_policy_document: a policy from its blocks, in the form in which the real provider writes it.

/** @returns {object} `values` with `json` */
export function policyDocument(values) {
  const others = [...(values.source_policy_documents ?? []), ...(values.override_policy_documents ?? [])];
  if (others.length > 0) throw new Error('this provider does not merge policies');
  const document = {
    Version: values.version ?? '2012-10-17',
    ...(values.policy_id === null ? {} : { Id: values.policy_id }),
    Statement: (values.statement ?? []).map(statement),
  };
  const json = JSON.stringify(document, undefined, 2);
  return { ...values, id: String(json.length), json, minified_json: JSON.stringify(document) };
}

function statement(block) {
  const principals = (blocks) => {
    if (!blocks?.length) return undefined;
    if (blocks.some(({ type }) => type === '*')) return '*';
    return Object.fromEntries(blocks.map(({ type, identifiers }) => [type, oneOrMore(identifiers)]));
  };
  const conditions = {};
  for (const { test, variable, values } of block.condition ?? []) {
    (conditions[test] ??= {})[variable] = oneOrMore(values, true);
  }
  return JSON.parse(
    JSON.stringify({
      Sid: block.sid ?? undefined,
      Effect: block.effect ?? 'Allow',
      Principal: principals(block.principals),
      NotPrincipal: principals(block.not_principals),
      Action: oneOrMore(block.actions),
      NotAction: oneOrMore(block.not_actions),
      Resource: oneOrMore(block.resources),
      NotResource: oneOrMore(block.not_resources),
      Condition: Object.keys(conditions).length > 0 ? conditions : undefined,
    }),
  );
}

function oneOrMore(values, isInOrder = false) {
  if (!values?.length) return undefined;
  if (values.length === 1) return values[0];
  return isInOrder ? values : values.toSorted().toReversed();
}
