// What the objects for Kubernetes must keep to: what cuts calls there, and what the profile "restricted" of pod security asks for.

/** How long the gateway needs at most after DRAIN_SECONDS (src/app/drain.ts). */
const AFTER_DRAIN_SECONDS = 40;
const LEAST_GRACE_SECONDS = 600;
/** A stream may be silent towards Twilio for longer than any proxy waits by default. */
const LEAST_PROXY_SECONDS = 600;
/** The default of KEEP_ALIVE_SECONDS. */
const KEEP_ALIVE_SECONDS = 75;
const SECRET = /(?:TOKEN|SECRET|PASSWORD|PEPPER|API_KEY|JOURNAL_KEY|REDIS_URL)/;

/**
 * @param {Record<string, any>[]} objects rendered, or as they are in their files
 * @param {Set<string>} settings names of the gateway's settings
 * @returns {string[]} what is wrong
 */
export function kubernetesProblems(objects, settings) {
  const problems = [];
  const of = (kind) => objects.filter((object) => object.kind === kind);
  const [deployment] = of('Deployment');
  if (deployment === undefined) return ['there is no Deployment'];
  const pod = deployment.spec.template;
  const labels = pod.metadata.labels;
  const say = (object, what) => problems.push(`${object.kind} ${object.metadata.name}: ${what}`);
  const selects = (selector) => Object.entries(selector ?? {}).every(([name, value]) => labels[name] === value);

  checkRollout(deployment, of('HorizontalPodAutoscaler')[0], (what) => say(deployment, what));
  checkPod(pod.spec, (what) => say(deployment, what));
  checkContainer(pod.spec.containers[0], (what) => say(deployment, what));
  for (const object of of('Namespace')) {
    if (object.metadata.labels?.['pod-security.kubernetes.io/enforce'] !== 'restricted')
      say(object, 'does not enforce restricted');
  }
  for (const object of of('PodDisruptionBudget')) {
    if (!selects(object.spec.selector.matchLabels)) say(object, 'selects no pod');
  }
  for (const object of of('NetworkPolicy')) {
    if (!selects(object.spec.podSelector.matchLabels)) say(object, 'selects no pod');
  }
  for (const object of of('Service'))
    checkService(object, { selects, ports: pod.spec.containers[0].ports }, (what) => say(object, what));
  for (const object of of('HorizontalPodAutoscaler')) checkScaling(object, deployment, (what) => say(object, what));
  for (const object of of('ServiceMonitor')) {
    const service = of('Service').find(({ metadata }) =>
      Object.entries(object.spec.selector.matchLabels).every(([name, value]) => metadata.labels?.[name] === value),
    );
    if (service?.metadata.labels?.[object.spec.jobLabel] !== 'tandem')
      say(object, 'the job must be tandem, as the alerts expect');
    if (!service?.spec.ports.some(({ name }) => name === object.spec.endpoints[0].port))
      say(object, 'selects no service with its port');
  }
  for (const object of of('Ingress'))
    checkIngress(object, environmentOf(pod.spec.containers[0]), (what) => say(object, what));
  for (const object of of('ConfigMap')) {
    for (const name of Object.keys(object.data ?? {})) {
      if (SECRET.test(name)) say(object, `${name} belongs into a Secret`);
      if (!settings.has(name)) say(object, `${name} is no setting of the gateway`);
    }
  }
  for (const object of of('ExternalSecret')) {
    for (const { secretKey } of object.spec.data)
      if (!settings.has(secretKey)) say(object, `${secretKey} is no setting of the gateway`);
  }
  return problems;
}

function environmentOf({ env = [] }) {
  return Object.fromEntries(env.map(({ name, value }) => [name, value]));
}

function checkRollout({ spec }, scaler, say) {
  if (scaler !== undefined && 'replicas' in spec)
    say('replicas would be set back by each apply; the autoscaler sets them');
  if (spec.strategy?.rollingUpdate?.maxUnavailable !== 0) say('maxUnavailable must be 0');
  const grace = spec.template.spec.terminationGracePeriodSeconds ?? 30;
  const drain = Number(environmentOf(spec.template.spec.containers[0]).DRAIN_SECONDS ?? 110);
  if (grace < LEAST_GRACE_SECONDS) say(`terminationGracePeriodSeconds ${grace} cuts calls`);
  if (drain + AFTER_DRAIN_SECONDS > grace) say(`DRAIN_SECONDS ${drain} does not fit into the grace of ${grace} s`);
}

function checkPod(spec, say) {
  const { securityContext: context = {} } = spec;
  if (context.runAsNonRoot !== true) say('runAsNonRoot is missing');
  if (!Number.isInteger(context.runAsUser) || context.runAsUser === 0) say('runAsUser must be a number, and not 0');
  if (context.seccompProfile?.type !== 'RuntimeDefault') say('seccompProfile RuntimeDefault is missing');
  if (spec.automountServiceAccountToken !== false) say('the gateway needs no token of Kubernetes');
  if (spec.shareProcessNamespace !== true)
    say('shareProcessNamespace is missing, without which a gateway that stands still cannot end itself');
  for (const key of ['hostNetwork', 'hostPID', 'hostIPC']) if (spec[key]) say(`${key} is not used`);
  const spread = (spec.topologySpreadConstraints ?? []).map(({ topologyKey }) => topologyKey);
  if (!spread.includes('topology.kubernetes.io/zone')) say('pods are not spread over zones');
}

function checkContainer(container, say) {
  const { image, lifecycle, resources = {}, securityContext: context = {} } = container;
  if (image !== 'tandem' && !/:(?!latest$)[\w.-]+$|@sha256:[0-9a-f]{64}$/.test(image))
    say(`${image} needs a tag or a digest`);
  if (context.allowPrivilegeEscalation !== false) say('allowPrivilegeEscalation: false is missing');
  if (context.readOnlyRootFilesystem !== true) say('readOnlyRootFilesystem is missing');
  if (JSON.stringify(context.capabilities?.drop) !== '["ALL"]' || context.capabilities.add !== undefined)
    say('capabilities: drop: [ALL] is missing');
  if (lifecycle?.preStop !== undefined) say('preStop delays SIGTERM, from which on the gateway takes no calls');
  if (resources.limits?.cpu !== undefined) say('a limit of CPU makes audio late');
  if (resources.requests?.cpu === undefined || resources.limits?.memory === undefined)
    say('needs a request of CPU and a limit of memory');
  const paths = { startupProbe: '/health', readinessProbe: '/ready', livenessProbe: '/health' };
  for (const [probe, path] of Object.entries(paths))
    if (container[probe]?.httpGet?.path !== path) say(`${probe} must ask ${path}`);
  const {
    failureThreshold = 3,
    periodSeconds = 10,
    terminationGracePeriodSeconds: grace,
  } = container.livenessProbe ?? {};
  if (!(grace <= 60)) say('a gateway that does not answer would get the whole grace of the pod');
  if (failureThreshold * periodSeconds < 30) say('the livenessProbe is too quick to end every call of the pod');
  for (const [name, value] of Object.entries(environmentOf(container)))
    if (SECRET.test(name) && value !== undefined) say(`${name} belongs into a Secret`);
}

function checkService({ spec }, { ports, selects }, say) {
  if (!selects(spec.selector)) say('selects no pod');
  if ((spec.sessionAffinity ?? 'None') !== 'None')
    say('sessionAffinity is no use: Twilio keeps no cookies, and its addresses change');
  for (const { targetPort } of spec.ports)
    if (!ports.some(({ name }) => name === targetPort)) say(`the pods have no port ${targetPort}`);
}

function checkScaling({ spec }, deployment, say) {
  if (spec.scaleTargetRef.name !== deployment.metadata.name) say('scales nothing');
  if (spec.minReplicas < 2) say('a call outlives its pod only if there is another one');
  if ((spec.behavior?.scaleDown?.stabilizationWindowSeconds ?? 300) < 300)
    say('scales down while callers are still coming');
}

function checkIngress({ metadata: { annotations = {} }, spec }, environment, say) {
  for (const { http } of spec.rules) {
    for (const { path } of http.paths) if (!path.startsWith('/twilio')) say(`${path} is not for the public`);
  }
  const value = (name) => Number(annotations[`nginx.ingress.kubernetes.io/${name}`]);
  if (spec.ingressClassName === 'nginx') {
    for (const name of ['proxy-read-timeout', 'proxy-send-timeout'])
      if (!(value(name) >= LEAST_PROXY_SECONDS)) say(`${name} cuts streams`);
  }
  if (spec.ingressClassName !== 'alb') return;
  const attributes = annotations['alb.ingress.kubernetes.io/load-balancer-attributes'] ?? '';
  const idle = Number(/idle_timeout\.timeout_seconds=(\d+)/.exec(attributes)?.[1] ?? 60);
  if (idle < 120) say('the idle timeout cuts streams');
  const keepAlive = Number(environment.KEEP_ALIVE_SECONDS ?? KEEP_ALIVE_SECONDS);
  if (keepAlive <= idle) say(`KEEP_ALIVE_SECONDS ${keepAlive} must be longer than the idle timeout of ${idle} s`);
}
