import '../../process/aws-node-version.js';
import {
  ConnectClient,
  type ConnectClientConfig,
  DescribeContactFlowCommand,
  ListFlowAssociationsCommand,
  ListLambdaFunctionsCommand,
} from '@aws-sdk/client-connect';
import { member, whyUnreached } from '../ask.js';
import { type Finding, advice, fault, fine } from '../finding.js';
import type { Outputs } from './outputs.js';

export interface FlowsQuestion {
  connect: NonNullable<Outputs['connect']>;
  lambdaArn: string | undefined;
  region: string;
  /** `undefined` means Amazon Connect in `region`. */
  endpointUrl: string | undefined;
  signal: AbortSignal;
}

const REQUEST_MS = 5000;
const MAX_PAGES = 10;

/** Reads the three flows as Connect runs them, the Lambda that the flow asks, and the flow of the number. */
export async function askFlows(question: FlowsQuestion): Promise<Finding[]> {
  const { connect } = question;
  const client = new ConnectClient(clientConfig(question));
  try {
    const found: Finding[] = [];
    // One after another, because the account has few requests a second.
    for (const name of ['whisper', 'guide', 'inbound'] as const) {
      const { content, wrong } = await readFlow(client, question, name);
      if (wrong !== undefined) found.push(wrong);
      else if (name === 'inbound') found.push(...(await lambdaFindings(client, question, content)));
    }
    found.push(...(await numberFindings(client, question)));
    return found.length > 0
      ? found
      : [
          fine(
            'flow-ready',
            `The three flows of instance ${connect.instance_id} are published, and the number leads to them.`,
          ),
        ];
  } catch (error) {
    return [refused(error, question)];
  } finally {
    client.destroy();
  }
}

type FlowName = keyof FlowsQuestion['connect']['flows'];

async function readFlow(
  client: ConnectClient,
  { connect, region, signal }: FlowsQuestion,
  name: FlowName,
): Promise<{ content: string; wrong?: Finding }> {
  const id = connect.flows[name];
  const publish = `Publish it in Connect's flow designer, or run: terraform -chdir=terraform apply -replace=module.connect.aws_connect_contact_flow.${name}`;
  try {
    const { ContactFlow: flow } = await client.send(
      new DescribeContactFlowCommand({ InstanceId: connect.instance_id, ContactFlowId: id }),
      { abortSignal: signal },
    );
    if (flow?.Status === 'SAVED') return { content: '', wrong: unpublished(name, publish) };
    if (flow?.State === 'ARCHIVED')
      return {
        content: '',
        wrong: fault(
          'flow-unpublished',
          `The flow ${name} is archived, so Connect does not run it. Restore it in Connect's list of flows.`,
        ),
      };
    return { content: flow?.Content ?? '' };
  } catch (error) {
    const kind = error instanceof Error ? error.name : '';
    if (kind === 'ContactFlowNotPublishedException') return { content: '', wrong: unpublished(name, publish) };
    if (kind !== 'ResourceNotFoundException') throw error;
    return {
      content: '',
      wrong: fault(
        'flow-missing',
        `The instance ${connect.instance_id} in ${region} has no flow ${id} (${name}), which Terraform made. Run: terraform -chdir=terraform apply`,
      ),
    };
  }
}

function unpublished(name: FlowName, publish: string): Finding {
  const cost =
    name === 'inbound' ? 'callers are not led to a queue by their reason' : 'agents get less than they should';
  return fault('flow-unpublished', `The flow ${name} is saved and not published, so ${cost}. ${publish}`);
}

async function lambdaFindings(client: ConnectClient, question: FlowsQuestion, content: string): Promise<Finding[]> {
  const { connect, lambdaArn, region } = question;
  if (lambdaArn === undefined) return [];
  const asked = lambdasIn(content);
  if (!asked.includes(lambdaArn))
    return [
      fault(
        'flow-lambda',
        `The published flow asks ${asked.join(', ') || 'no Lambda'} and not ${lambdaArn}, so callers reach agents without their context. Somebody changed it in the designer, or it is of another version. Run: terraform -chdir=terraform apply`,
      ),
    ];
  if (await knowsLambda(client, question, lambdaArn)) return [];
  return [
    fault(
      'flow-lambda',
      `The instance ${connect.instance_id} does not list ${lambdaArn} among its functions, so the flow cannot ask it. Run: aws connect associate-lambda-function --region ${region} --instance-id ${connect.instance_id} --function-arn ${lambdaArn}`,
    ),
  ];
}

/** The ARNs of the functions in a flow's text. */
function lambdasIn(content: string): string[] {
  let flow: unknown;
  try {
    flow = JSON.parse(content);
  } catch {
    return [];
  }
  const actions = member(flow, 'Actions');
  const arns = (Array.isArray(actions) ? actions : []).map((action) =>
    member(action, 'Parameters', 'LambdaFunctionARN'),
  );
  return [...new Set(arns.filter((arn) => typeof arn === 'string' && /^arn:[\w:./-]+$/.test(arn)))] as string[];
}

async function knowsLambda(client: ConnectClient, { connect, signal }: FlowsQuestion, arn: string): Promise<boolean> {
  let next: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { LambdaFunctions: listed = [], NextToken: more } = await client.send(
      new ListLambdaFunctionsCommand({
        InstanceId: connect.instance_id,
        ...(next === undefined ? {} : { NextToken: next }),
      }),
      { abortSignal: signal },
    );
    if (listed.includes(arn)) return true;
    if (more === undefined) break;
    next = more;
  }
  return false;
}

async function numberFindings(client: ConnectClient, { connect, region, signal }: FlowsQuestion): Promise<Finding[]> {
  const { flows, instance_id: instanceId, phone_number_id: numberId } = connect;
  const { FlowAssociationSummaryList: listed = [] } = await client.send(
    new ListFlowAssociationsCommand({ InstanceId: instanceId, ResourceType: 'VOICE_PHONE_NUMBER' }),
    { abortSignal: signal },
  );
  const ours = listed.filter(({ FlowId: id = '' }) => id.endsWith(flows.inbound));
  if (numberId === undefined || numberId === null) {
    if (ours.length > 0) return [];
  } else if (ours.some(({ ResourceId: id = '' }) => id.endsWith(numberId))) return [];
  const id = numberId ?? '…';
  return [
    fault(
      'flow-number',
      `${numberId === undefined || numberId === null ? 'No number of the instance leads' : `The number ${numberId} does not lead`} to the flow, so handed-over callers hear something else. Run: aws connect associate-phone-number-contact-flow --region ${region} --instance-id ${instanceId} --phone-number-id ${id} --contact-flow-id ${flows.inbound}`,
    ),
  ];
}

function refused(error: unknown, { connect, region }: FlowsQuestion): Finding {
  const name = error instanceof Error && /^\w{1,80}$/.test(error.name) ? error.name : 'unknown error';
  const isAccess =
    /AccessDenied|Credential|ExpiredToken|InvalidSignature|MissingAuthentication|UnrecognizedClient/.test(name);
  if (isAccess)
    return advice(
      'flow-access',
      `AWS does not let these credentials read the flows (${name}), so it is not known whether they are published. Allow connect:DescribeContactFlow, ListFlowAssociations and ListLambdaFunctions on the instance.`,
    );
  const why = (error as { $fault?: unknown }).$fault === undefined ? whyUnreached(error) : 'the service failed';
  return fault(
    'flow-access',
    `Amazon Connect in ${region} does not tell of the flows of instance ${connect.instance_id} (${name}: ${why}). Check the instance, the region and the network.`,
  );
}

function clientConfig({ endpointUrl, region }: FlowsQuestion): ConnectClientConfig {
  const config: ConnectClientConfig = {
    region,
    maxAttempts: 2,
    requestHandler: { connectionTimeout: REQUEST_MS, requestTimeout: REQUEST_MS, throwOnRequestTimeout: true },
  };
  if (endpointUrl !== undefined) config.endpoint = endpointUrl;
  return config;
}
