import type { IncomingMessage } from 'node:http';
import { type Operation, fieldsOf, jsonOperation } from './operation.js';

/** AWS Secrets Manager, limited to reading a value (API reference: GetSecretValue). */
export class Secrets {
  /** Values by name. `undefined`: the secret is there and has no value yet. */
  readonly values = new Map<string, string | undefined>();

  operation(request: IncomingMessage, body: string): Operation | undefined {
    if (jsonOperation(request, 'secretsmanager') !== 'GetSecretValue') return undefined;
    const id = fieldsOf(body)['SecretId'];
    return {
      name: 'secretsmanager:GetSecretValue',
      run: () => {
        const value = typeof id === 'string' ? this.values.get(id) : undefined;
        // The same error for a secret without a value as for none ("can't find the specified secret value").
        if (value === undefined) return { status: 400, body: { __type: 'ResourceNotFoundException', message: '' } };
        return { status: 200, body: { Name: id, SecretString: value, VersionStages: ['AWSCURRENT'] } };
      },
    };
  }
}
