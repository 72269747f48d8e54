import type { IncomingMessage } from 'node:http';
import { type Operation, type Reply, fieldsOf, jsonOperation } from './operation.js';

export interface EcsService {
  cluster: string;
  name: string;
  /** ARN of the task definition that the primary deployment runs. */
  taskDefinition: string;
  desired: number;
  running: number;
  /** What ECS calls the state of a roll-out. */
  rollout?: 'COMPLETED' | 'FAILED' | 'IN_PROGRESS';
  /** Tasks of an older deployment that still run, by the ARN of its task definition. */
  older?: { taskDefinition: string; running: number };
}

const TARGET = 'AmazonEC2ContainerServiceV20141113';

/** Amazon ECS, limited to what it tells of a service (API reference: DescribeServices, DescribeTaskDefinition). */
export class Ecs {
  readonly services: EcsService[] = [];
  /** Images by the ARN of the task definition. */
  readonly images = new Map<string, string>();

  operation(request: IncomingMessage, body: string): Operation | undefined {
    const fields = fieldsOf(body);
    switch (jsonOperation(request, TARGET)) {
      case 'DescribeServices':
        return { name: 'ecs:DescribeServices', run: () => this.describeServices(fields) };
      case 'DescribeTaskDefinition':
        return { name: 'ecs:DescribeTaskDefinition', run: () => this.describeTaskDefinition(fields['taskDefinition']) };
      default:
        return undefined;
    }
  }

  private describeServices({ cluster, services }: Record<string, unknown>): Reply {
    const ofCluster = this.services.filter((service) => service.cluster === cluster);
    if (ofCluster.length === 0) return { status: 400, body: { __type: 'ClusterNotFoundException', message: '' } };
    const names = Array.isArray(services) ? services : [];
    const found = ofCluster.filter(({ name }) => names.includes(name));
    const failures = names
      .filter((name) => !found.some((service) => service.name === name))
      .map((name) => ({ arn: name as unknown, reason: 'MISSING' }));
    return { status: 200, body: { services: found.map(describe), failures } };
  }

  private describeTaskDefinition(arn: unknown): Reply {
    const image = typeof arn === 'string' ? this.images.get(arn) : undefined;
    if (image === undefined) return { status: 400, body: { __type: 'ClientException', message: '' } };
    const definition = { taskDefinitionArn: arn, containerDefinitions: [{ name: 'gateway', image }] };
    return { status: 200, body: { taskDefinition: definition } };
  }
}

function describe({ desired, name, older, rollout = 'COMPLETED', running, taskDefinition }: EcsService): unknown {
  const deployment = (status: string, definition: string, count: number) => ({
    status,
    taskDefinition: definition,
    runningCount: count,
    rolloutState: status === 'PRIMARY' ? rollout : 'COMPLETED',
  });
  return {
    serviceName: name,
    status: 'ACTIVE',
    taskDefinition,
    desiredCount: desired,
    runningCount: running + (older?.running ?? 0),
    deployments: [
      deployment('PRIMARY', taskDefinition, running),
      ...(older === undefined ? [] : [deployment('ACTIVE', older.taskDefinition, older.running)]),
    ],
  };
}
