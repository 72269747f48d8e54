/** Readers of a flow's parameters, which may hold anything. */

export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** Returns the fields of `value` that are strings. */
export function stringsOf(value: unknown): Readonly<Record<string, string>> {
  const fields = Object.entries(fieldsOf(value));
  return Object.fromEntries(fields.filter((field): field is [string, string] => typeof field[1] === 'string'));
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Returns a time given in seconds, and the least or the most that the service allows in place of any other. */
export function millisecondsOf(value: unknown, maxSeconds: number): number {
  const seconds = Number(value);
  return 1000 * (seconds >= 1 ? Math.min(seconds, maxSeconds) : 1);
}

/** Returns the silence of a prompt that consists of breaks alone. */
export function promptMs(ssml: string): number {
  return [...ssml.matchAll(/<break time="(\d+)ms"/g)].reduce((sum, match) => sum + Number(match[1]), 0);
}

/** Whether `value` meets a condition of the flow language. */
export function matches(operator: string, value: string, operands: readonly string[]): boolean {
  return operands.some((operand) => {
    switch (operator) {
      case 'Equals':
        return value === operand;
      case 'TextStartsWith':
        return value.startsWith(operand);
      case 'TextEndsWith':
        return value.endsWith(operand);
      case 'TextContains':
        return value.includes(operand);
      case 'NumberGreaterThan':
        return Number(value) > Number(operand);
      case 'NumberGreaterOrEqualTo':
        return Number(value) >= Number(operand);
      case 'NumberLessThan':
        return Number(value) < Number(operand);
      case 'NumberLessOrEqualTo':
        return Number(value) <= Number(operand);
      default:
        return false;
    }
  });
}
