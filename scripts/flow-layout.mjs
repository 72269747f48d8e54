// Places the blocks of a contact flow for Connect's designer, which draws them where `Metadata` says and all in one place if it
// says nothing. Used by generate.mjs.

const COLUMN = 280;
const GAP = 50;
/** About how tall the designer draws a block: a head, and a row for each way out. */
const heightOf = (action) => 110 + 26 * waysOf(action).length;

function waysOf({ Transitions: { Conditions = [], Errors = [], NextAction } }) {
  const ways = [...Conditions.map((one) => one.NextAction), NextAction, ...Errors.map((one) => one.NextAction)];
  return ways.filter((next) => next !== undefined);
}

/** Returns `flow` with a place for each block: to the right of every block that leads to it, loops excepted. */
export function withPositions(flow) {
  const actions = new Map(flow.Actions.map((action) => [action.Identifier, action]));
  const columns = new Map();
  // In this order every block comes after those that lead to it, except where a loop leads back.
  for (const id of inOrder(flow, actions)) {
    const column = columns.get(id) ?? 0;
    columns.set(id, column);
    for (const next of forward(flow, actions).get(id) ?? []) {
      columns.set(next, Math.max(columns.get(next) ?? 0, column + 1));
    }
  }
  const rows = new Map();
  for (const id of inOrder(flow, actions)) {
    const column = columns.get(id);
    const above = rows.get(column) ?? [];
    rows.set(column, [...above, id]);
  }
  const places = {};
  for (const [column, ids] of [...rows].sort(([a], [b]) => a - b)) {
    let y = 40;
    for (const id of ids) {
      places[id] = { position: { x: 200 + column * COLUMN, y }, isFriendlyName: true };
      y += heightOf(actions.get(id)) + GAP;
    }
  }
  const ordered = Object.fromEntries(flow.Actions.map(({ Identifier }) => [Identifier, places[Identifier]]));
  return { ...flow, Metadata: { entryPointPosition: { x: 40, y: 40 }, ActionMetadata: ordered } };
}

const known = new WeakMap();

/** The ways out of each block without those that lead back to a block on the way to it. */
function forward(flow, actions) {
  if (known.has(flow)) return known.get(flow);
  const ways = new Map();
  const onTheWay = new Set();
  const visit = (id) => {
    if (ways.has(id) || !actions.has(id)) return;
    onTheWay.add(id);
    const found = [];
    ways.set(id, found);
    for (const next of new Set(waysOf(actions.get(id)))) {
      if (onTheWay.has(next)) continue;
      found.push(next);
      visit(next);
    }
    onTheWay.delete(id);
  };
  visit(flow.StartAction);
  known.set(flow, ways);
  return ways;
}

/** All blocks, each before those to which it leads. */
function inOrder(flow, actions) {
  const ways = forward(flow, actions);
  const done = [];
  const seen = new Set();
  const visit = (id) => {
    if (seen.has(id)) return;
    seen.add(id);
    for (const next of [...(ways.get(id) ?? [])].reverse()) visit(next);
    done.unshift(id);
  };
  visit(flow.StartAction);
  return done;
}
