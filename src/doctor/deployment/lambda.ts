import { z } from 'zod';
import { type Clock } from '../../base/clock.js';
import { isTandemError } from '../../base/errors.js';
import type { Config } from '../../config/config.js';
import { DynamoDbStore } from '../../handover/dynamodb-store.js';
import { drawHandoverId } from '../../handover/record.js';
import { drawToken, tokenKey } from '../../handover/token.js';
import { codeText, member } from '../ask.js';
import { type Finding, advice, fault, fine } from '../finding.js';
import { probeRecord } from '../table.js';
import type { Aws, AwsAnswer } from './aws.js';

export interface LambdaQuestion {
  /** The ARN that Connect's flow asks. */
  arn: string;
  /** The Connect instance that must be allowed to invoke it. `undefined`: not known. */
  instanceId: string | undefined;
  handover: Config['handover'];
  aws: Aws;
  clock: Clock;
}

interface Named {
  arn: string;
  function: string;
  /** `undefined` in an ARN without an alias. */
  alias: string | undefined;
}

const WHY = 'Until then callers reach agents without their context.';

/** Reads the alias and its permission, then has the Lambda redeem a token that the gateway's own settings have written. */
export async function askLambda(question: LambdaQuestion): Promise<Finding[]> {
  const { arn, aws } = question;
  const [name = '', alias] = arn.split(':').slice(6);
  const named = { arn, function: name, alias };
  let version = '';
  if (alias !== undefined) {
    const answer = await aws.ask({ service: 'lambda', path: `/2015-03-31/functions/${name}/aliases/${alias}` });
    if ('refused' in answer) return [refused(answer, named, aws)];
    version = `, version ${codeText(member(answer.body, 'FunctionVersion')) ?? 'unknown'}`;
  }
  const [permission, redeemed] = await Promise.all([
    permissionFinding(question, named),
    redeem(question, named, version),
  ]);
  return permission === undefined ? [redeemed] : [permission, redeemed];
}

async function redeem({ aws, clock, handover }: LambdaQuestion, named: Named, version: string): Promise<Finding> {
  const { pepper } = handover;
  if (handover.embedded || pepper === undefined)
    return advice(
      'lambda-pepper',
      'Whether the Lambda has the same pepper is not known, because the settings here are those of local mode. Set USE_LOCAL_DYNAMODB=false and HANDOVER_TOKEN_PEPPER.',
    );
  const token = drawToken();
  const store = new DynamoDbStore({ ...handover, clock });
  try {
    await store.put(tokenKey(pepper, token), probeRecord(clock.epochMs()));
  } catch (error) {
    if (!isTandemError(error)) throw error;
    return advice('lambda-pepper', `Whether the Lambda has the same pepper is not known: ${error.message}`);
  } finally {
    await store.close();
  }
  const startedMs = clock.now();
  const qualifier = named.alias === undefined ? '' : `?Qualifier=${named.alias}`;
  const answer = await aws.ask({
    service: 'lambda',
    path: `/2015-03-31/functions/${named.function}/invocations${qualifier}`,
    body: questionOf(token, `doctor-${drawHandoverId(clock.epochMs())}`),
  });
  if ('refused' in answer) return refused(answer, named, aws);
  const logs = `aws logs tail /aws/lambda/${named.function} --region ${aws.region} --since 5m`;
  if (answer.failed)
    return fault(
      'lambda-failed',
      `${named.function} ends with an error, so no caller's context arrives. Read its log: ${logs}`,
    );
  const status = codeText(member(answer.body, 'token_status')) ?? 'no status';
  const seconds = ((clock.now() - startedMs) / 1000).toFixed(1);
  if (status === 'valid')
    return fine('lambda-ready', `${named.function}${version} redeemed a token of this gateway in ${seconds} s.`);
  if (status === 'invalid') return differs(await environmentOf(named, aws), handover, named);
  return fault('lambda-failed', `${named.function} answers a token with "${status}". ${WHY} Read its log: ${logs}`);
}

/** As Connect asks. */
function questionOf(token: string, contactId: string): unknown {
  return {
    Name: 'ContactFlowEvent',
    Details: { ContactData: { ContactId: contactId }, Parameters: { action: 'redeem_token', token } },
  };
}

function differs(env: unknown, { region, tableName }: Config['handover'], named: Named): Finding {
  const table = codeText(member(env, 'DYNAMODB_TABLE_NAME'));
  if (table !== undefined && table !== tableName)
    return fault(
      'lambda-pepper',
      `${named.function} reads the table ${table}, and the gateway writes to ${tableName}. ${WHY} Set DYNAMODB_TABLE_NAME of the Lambda to ${tableName} in ${region}, or run: terraform -chdir=terraform apply`,
    );
  return fault(
    'lambda-pepper',
    `${named.function} does not find a token that was written with HANDOVER_TOKEN_PEPPER, so it has another pepper. ${WHY} Give both the same value: terraform/fill-secrets.sh HANDOVER_TOKEN_PEPPER, then start the tasks anew (docs/OPERATIONS.md#rotate-a-secret). The Lambda reads the secret every five minutes.`,
  );
}

/** The variables of the function, or `undefined`. None of their values is shown but the name of the table. */
async function environmentOf({ alias, function: name }: Named, aws: Aws): Promise<unknown> {
  const qualifier = alias === undefined ? '' : `?Qualifier=${alias}`;
  const answer = await aws.ask({ service: 'lambda', path: `/2015-03-31/functions/${name}/configuration${qualifier}` });
  return 'body' in answer ? member(answer.body, 'Environment', 'Variables') : undefined;
}

const POLICY = z.object({
  Statement: z.array(
    z.object({
      Effect: z.string(),
      Principal: z.unknown(),
      Action: z.unknown(),
      Condition: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
    }),
  ),
});

/** Says that Connect may not invoke the function. `undefined` if it may, or if nobody knows. */
async function permissionFinding({ aws, instanceId }: LambdaQuestion, named: Named): Promise<Finding | undefined> {
  const qualifier = named.alias === undefined ? '' : `?Qualifier=${named.alias}`;
  const answer = await aws.ask({
    service: 'lambda',
    path: `/2015-03-31/functions/${named.function}/policy${qualifier}`,
  });
  if ('refused' in answer && answer.kind !== 'missing')
    return advice(
      'lambda-permission',
      `Whether Connect may invoke ${named.function} is not known (${answer.refused}). Allow lambda:GetPolicy.`,
    );
  const text = 'body' in answer ? member(answer.body, 'Policy') : undefined;
  if (typeof text === 'string' && mayInvoke(text, instanceId)) return undefined;
  const [, , , region, account] = named.arn.split(':');
  const source = `arn:aws:connect:${region ?? ''}:${account ?? ''}:instance/${instanceId ?? '…'}`;
  const option = named.alias === undefined ? '' : ` --qualifier ${named.alias}`;
  return fault(
    'lambda-permission',
    `Amazon Connect may not invoke ${named.function}, and only the flow's log says so. ${WHY} Run: aws lambda add-permission --region ${aws.region} --function-name ${named.function}${option} --statement-id connect --action lambda:InvokeFunction --principal connect.amazonaws.com --source-account ${account ?? ''} --source-arn ${source}`,
  );
}

function mayInvoke(policy: string, instanceId: string | undefined): boolean {
  let parsed: unknown;
  try {
    parsed = JSON.parse(policy);
  } catch {
    return false;
  }
  const read = POLICY.safeParse(parsed);
  if (!read.success) return false;
  return read.data.Statement.some(({ Action, Condition = {}, Effect, Principal }) => {
    const sources = Object.values(Condition).flatMap((keys) =>
      Object.entries(keys).flatMap(([key, value]) => (/^aws:SourceArn$/i.test(key) ? [value] : [])),
    );
    return (
      Effect === 'Allow' &&
      [Principal, member(Principal, 'Service')].includes('connect.amazonaws.com') &&
      [Action].flat().includes('lambda:InvokeFunction') &&
      (instanceId === undefined ||
        sources.flat().every((arn) => typeof arn === 'string' && arn.endsWith(`instance/${instanceId}`)))
    );
  });
}

function refused(answer: Extract<AwsAnswer, { refused: string }>, named: Named, aws: Aws): Finding {
  const where = `${named.function}${named.alias === undefined ? '' : `:${named.alias}`} in ${aws.region}`;
  switch (answer.kind) {
    case 'missing':
      return fault(
        'lambda-missing',
        `There is no Lambda ${where} (${answer.refused}), and the flow asks it. ${WHY} Run: terraform -chdir=terraform apply`,
      );
    case 'access':
      return fault(
        'lambda-access',
        `AWS does not let these credentials ask the Lambda ${where} (${answer.refused}). Allow lambda:GetAlias, GetPolicy, GetFunctionConfiguration and InvokeFunction, or set AWS_PROFILE.`,
      );
    default:
      return fault(
        'lambda-unreachable',
        `The Lambda ${where} does not answer (${answer.refused}). Check the region and the network, and ask again.`,
      );
  }
}
