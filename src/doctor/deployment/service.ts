import { z } from 'zod';
import { type Finding, advice, fault, fine } from '../finding.js';
import type { Aws, AwsAnswer } from './aws.js';
import type { Outputs } from './outputs.js';

const TARGET = 'AmazonEC2ContainerServiceV20141113';

/** Part of the answer of ECS's DescribeServices. */
const SERVICES = z.object({
  services: z.array(
    z.object({
      status: z.string(),
      taskDefinition: z.string(),
      runningCount: z.number(),
      desiredCount: z.number(),
      deployments: z.array(
        z.object({
          status: z.string(),
          taskDefinition: z.string(),
          runningCount: z.number(),
          rolloutState: z.string().optional(),
        }),
      ),
    }),
  ),
});
const DEFINITION = z.object({
  taskDefinition: z.object({ containerDefinitions: z.array(z.object({ name: z.string(), image: z.string() })) }),
});

/** Compares what the service runs with what Terraform wants it to run, and counts its tasks. */
export async function askService({ image, service }: Outputs, aws: Aws): Promise<Finding[]> {
  if (service === undefined) return [];
  const { cluster, name, task_definition: wanted } = service;
  const answer = await aws.ask({
    service: 'ecs',
    target: `${TARGET}.DescribeServices`,
    body: { cluster, services: [name] },
  });
  const read = readAnswer(SERVICES, answer);
  if (typeof read === 'string')
    return [fault('deployment-service', `ECS does not tell of the service ${name} in ${cluster} (${read}). ${ACCESS}`)];
  const found = read.services.find(({ status }) => status === 'ACTIVE');
  if (found === undefined)
    return [
      fault(
        'deployment-service',
        `The cluster ${cluster} has no active service ${name}. Run: terraform -chdir=terraform apply`,
      ),
    ];
  const why = `See why: aws ecs describe-services --region ${aws.region} --cluster ${cluster} --services ${name} --query 'services[0].events[:5].message'`;
  return [await versionFinding({ found, image, wanted, why }, aws), tasksFinding(found, why)];
}

type Service = z.infer<typeof SERVICES>['services'][number];
/** `why`: the command that shows what ECS tells of the service. */
type Wanted = { found: Service; image: string | undefined; wanted: string; why: string };

const ACCESS =
  'Check the AWS credentials and the region; ecs:DescribeServices and ecs:DescribeTaskDefinition are needed.';

async function versionFinding({ found, image, wanted, why }: Wanted, aws: Aws): Promise<Finding> {
  const running = await imageOf(found.taskDefinition, aws);
  const shown = withImage(found.taskDefinition, running);
  if (found.taskDefinition !== wanted || (image !== undefined && running !== undefined && running !== image))
    return fault(
      'deployment-image',
      `The service runs ${shown}, and Terraform wants ${withImage(wanted, image)}. Either the deployment was turned back, and callers get the older version, or Terraform's state here is older than what runs. ${why}`,
    );
  const primary = found.deployments.find(({ status }) => status === 'PRIMARY');
  if (primary?.rolloutState === 'FAILED')
    return fault('deployment-image', `The deployment of ${shown} has failed, and its tasks do not start. ${why}`);
  const old = found.deployments.filter(({ runningCount, status }) => status !== 'PRIMARY' && runningCount > 0);
  if (old.length > 0)
    return advice(
      'deployment-image',
      `The service is changing to ${shown}. Tasks of ${old.map(({ taskDefinition }) => shortOf(taskDefinition)).join(', ')} still have calls. Ask again when they have ended.`,
    );
  return fine('deployment-image', `The service runs ${shown}, as Terraform wants.`);
}

function withImage(taskDefinition: string, image: string | undefined): string {
  return image === undefined ? shortOf(taskDefinition) : `${shortOf(taskDefinition)} with ${image}`;
}

async function imageOf(taskDefinition: string, aws: Aws): Promise<string | undefined> {
  const answer = await aws.ask({
    service: 'ecs',
    target: `${TARGET}.DescribeTaskDefinition`,
    body: { taskDefinition },
  });
  const read = readAnswer(DEFINITION, answer);
  return typeof read === 'string' ? undefined : read.taskDefinition.containerDefinitions[0]?.image;
}

function tasksFinding({ desiredCount, runningCount }: Service, why: string): Finding {
  if (runningCount >= desiredCount && runningCount > 0)
    return fine('deployment-service', `${runningCount} tasks run, and ${desiredCount} are wanted.`);
  return runningCount === 0
    ? fault('deployment-service', `No task runs, so every call goes to the fallback. ${why}`)
    : advice('deployment-service', `${runningCount} of ${desiredCount} tasks run. ${why}`);
}

/** Returns the answer in the form of `schema`, or why there is none. */
function readAnswer<Schema extends z.ZodType>(schema: Schema, answer: AwsAnswer): z.infer<Schema> | string {
  if ('refused' in answer) return answer.refused;
  const parsed = schema.safeParse(answer.body);
  return parsed.success ? parsed.data : 'an answer of another form';
}

/** The family and revision of a task definition's ARN. */
function shortOf(arn: string): string {
  return arn.split('/').at(-1) ?? arn;
}
