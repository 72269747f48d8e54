import type { IncomingMessage } from 'node:http';
import { type Operation, type Reply, fieldsOf } from './operation.js';

export interface LambdaFunctionState {
  /** Versions by alias. */
  aliases: Map<string, string>;
  environment: Readonly<Record<string, string>>;
  /** The resource policy by alias. An alias without one may be invoked by its account alone. */
  policies: Map<string, unknown>;
  /** Rejects if the code throws. */
  invoke: (event: unknown) => Promise<unknown>;
}

/** AWS Lambda, limited to one function's alias, policy, configuration and invocation (Lambda API reference). */
export class Functions {
  readonly byName = new Map<string, LambdaFunctionState>();

  operation(request: IncomingMessage, body: string): Operation | undefined {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://lambda');
    const [, version, functions, name = '', kind, alias = ''] = pathname.split('/').map(decodeURIComponent);
    if (version !== '2015-03-31' || functions !== 'functions') return undefined;
    const qualifier = searchParams.get('Qualifier') ?? '';
    const about = (operation: string, run: (state: LambdaFunctionState) => Promise<Reply> | Reply): Operation => ({
      name: `lambda:${operation}`,
      run: () => {
        const state = this.byName.get(name);
        const isThere = state !== undefined && (qualifier === '' || state.aliases.has(qualifier));
        return isThere ? run(state) : missing(name);
      },
    });
    switch (`${request.method ?? ''} ${kind ?? ''}`) {
      case 'GET aliases':
        return about('GetAlias', ({ aliases }) => {
          const of = aliases.get(alias);
          return of === undefined ? missing(name) : { status: 200, body: { Name: alias, FunctionVersion: of } };
        });
      case 'GET policy':
        return about('GetPolicy', ({ policies }) => {
          const policy = policies.get(qualifier);
          return policy === undefined ? missing(name) : { status: 200, body: { Policy: JSON.stringify(policy) } };
        });
      case 'GET configuration':
        return about('GetFunctionConfiguration', ({ environment }) => ({
          status: 200,
          body: { FunctionName: name, Environment: { Variables: environment } },
        }));
      case 'POST invocations':
        return about('InvokeFunction', (state) => invoke(state, fieldsOf(body)));
      default:
        return undefined;
    }
  }
}

/** A function that throws is answered with 200, a header and a body that holds the error (Lambda: Invoke). */
async function invoke(state: LambdaFunctionState, event: unknown): Promise<Reply> {
  try {
    return { status: 200, body: await state.invoke(event) };
  } catch {
    const headers = { 'x-amz-function-error': 'Unhandled' };
    return { status: 200, headers, body: { errorType: 'Error', errorMessage: 'not shown' } };
  }
}

function missing(name: string): Reply {
  return {
    status: 404,
    headers: { 'x-amzn-errortype': 'ResourceNotFoundException' },
    body: { Type: 'User', Message: `Function not found: ${name}` },
  };
}
