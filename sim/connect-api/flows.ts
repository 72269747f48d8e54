import type { IncomingMessage } from 'node:http';
import { type Refusal, isSigned } from './current-metrics.js';

export interface Flow {
  name: string;
  type: 'CONTACT_FLOW' | 'AGENT_WHISPER';
  /** The flow language, as it was published. `undefined`: only saved, and never published. */
  published: string | undefined;
  isArchived?: boolean;
}

type Reply = { body: unknown } | { refused: Refusal };

const MISSING: Refusal = { status: 404, type: 'ResourceNotFoundException', message: 'The resource was not found' };

/**
 * What Amazon Connect tells of the flows of one instance (API reference: DescribeContactFlow, ListLambdaFunctions,
 * ListFlowAssociations).
 */
export class Flows {
  readonly byId = new Map<string, Flow>();
  /** ARNs of the functions that the flows may ask. */
  readonly functions: string[] = [];
  /** Ids of flows by id of the number. */
  readonly ofNumbers = new Map<string, string>();
  /** Operations that the credentials may not use. */
  readonly denied = new Set<'DescribeContactFlow' | 'ListFlowAssociations' | 'ListLambdaFunctions'>();
  private readonly instanceId: string;

  constructor(instanceId: string) {
    this.instanceId = instanceId;
  }

  /** `undefined` if the request is about something else. */
  answer(request: IncomingMessage): Reply | undefined {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://connect');
    const [, kind, ...rest] = pathname.split('/').map(decodeURIComponent);
    const operation =
      kind === 'contact-flows'
        ? 'DescribeContactFlow'
        : kind === 'flow-associations-summary'
          ? 'ListFlowAssociations'
          : kind === 'instance' && rest[1] === 'lambda-functions'
            ? 'ListLambdaFunctions'
            : undefined;
    if (operation === undefined || request.method !== 'GET') return undefined;
    if (!isSigned(request))
      return { refused: { status: 403, type: 'MissingAuthenticationTokenException', message: 'No signature' } };
    if (this.denied.has(operation))
      return { refused: { status: 403, type: 'AccessDeniedException', message: `You may not ${operation}` } };
    if (rest[0] !== this.instanceId) return { refused: MISSING };
    switch (operation) {
      case 'DescribeContactFlow':
        return this.describe(rest[1] ?? '');
      case 'ListLambdaFunctions':
        return { body: { LambdaFunctions: this.functions } };
      case 'ListFlowAssociations':
        return searchParams.get('ResourceType') === 'VOICE_PHONE_NUMBER'
          ? { body: { FlowAssociationSummaryList: this.associations() } }
          : { refused: { status: 400, type: 'InvalidRequestException', message: 'ResourceType' } };
    }
  }

  private describe(id: string): Reply {
    const flow = this.byId.get(id);
    if (flow === undefined) return { refused: MISSING };
    if (flow.published === undefined)
      return {
        refused: { status: 404, type: 'ContactFlowNotPublishedException', message: 'The flow has not been published' },
      };
    return {
      body: {
        ContactFlow: {
          Arn: this.arn('contact-flow', id),
          Id: id,
          Name: flow.name,
          Type: flow.type,
          State: flow.isArchived === true ? 'ARCHIVED' : 'ACTIVE',
          Status: 'PUBLISHED',
          Content: flow.published,
        },
      },
    };
  }

  private associations(): unknown[] {
    return [...this.ofNumbers].map(([number, flow]) => ({
      ResourceId: `arn:aws:connect:us-east-1:123456789012:phone-number/${number}`,
      FlowId: this.arn('contact-flow', flow),
      ResourceType: 'VOICE_PHONE_NUMBER',
    }));
  }

  private arn(kind: string, id: string): string {
    return `arn:aws:connect:us-east-1:123456789012:instance/${this.instanceId}/${kind}/${id}`;
  }
}
