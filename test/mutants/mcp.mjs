// Mutations: tools of MCP servers. Part of the list in test/mutants.mjs.

/** @type {readonly import('../../scripts/mutants.mjs').Mutant[]} */
export const MCP = [
  {
    name: 'an MCP server redirects a request with its secrets',
    file: 'src/mcp/http-link.ts',
    find: "        redirect: 'manual',\n        signal,\n      });\n    } catch {\n      throw",
    replace: "        redirect: 'follow',\n        signal,\n      });\n    } catch {\n      throw",
    tests: ['src/mcp/server.test.ts'],
    only: 'a redirect is not followed',
  },
  {
    name: 'an answer of an MCP server that breaks off leaves its call waiting',
    file: 'src/mcp/http-link.ts',
    find: "if (!answered) throw type === 'text/event-stream' ? this.broken('ended') : new McpFault('unreadable');",
    replace: '',
    tests: ['src/mcp/server.test.ts'],
    only: 'an answer over HTTP that is no answer',
  },
  {
    name: 'an answer of an MCP server may have any size',
    file: 'src/mcp/http-link.ts',
    find: 'await readBounded(response, MAX_MESSAGE_BYTES)',
    replace: 'await readBounded(response, Infinity)',
    tests: ['src/mcp/server.test.ts'],
    only: 'an answer over HTTP that is no answer',
  },
  {
    name: 'a program finds the secrets of the gateway in its environment',
    file: 'src/mcp/stdio-link.ts',
    find: '...Object.fromEntries(passed), ...address.env',
    replace: '...env, ...address.env',
    tests: ['src/mcp/server.test.ts'],
    only: 'finds nothing of the settings',
  },
  {
    name: 'a program that ignores SIGTERM outlives the gateway',
    file: 'src/mcp/stdio-link.ts',
    find: "    this.kill('SIGKILL');\n    await",
    replace: '    await',
    tests: ['src/mcp/server.test.ts'],
    only: 'ignores the end of its input and SIGTERM',
  },
  {
    name: 'a pattern of an MCP server reaches the check of arguments',
    file: 'src/mcp/plain-schema.ts',
    find: '      ...description(given),\n      ...(Array.isArray(choices)',
    replace:
      "      ...description(given),\n      ...('pattern' in given ? { pattern: given['pattern'] } : {}),\n      ...(Array.isArray(choices)",
    tests: ['src/mcp/plain-schema.test.ts'],
    only: 'no pattern passes',
  },
  {
    name: 'a tool of an MCP server takes the name of a built-in one',
    file: 'src/mcp/offer.ts',
    find: 'isTaken(name) || ',
    replace: '',
    tests: ['test/mcp.test.ts'],
    only: 'cannot replace that tool',
  },
  {
    name: 'tools that the operator does not allow are offered',
    file: 'src/mcp/offer.ts',
    find: 'if (allowed?.includes(original) === false) continue;',
    replace: '',
    tests: ['src/mcp/offer.test.ts'],
    only: 'only the tools that the operator allows',
  },
];
