// A state machine's definition as a picture: where its states and transitions stand.
//
// Laid out when the page is built, so that browsers need no layout engine. Catchers that lead to
// where failures are recorded are left out: nearly every state has one.
import dagre from "@dagrejs/dagre";

const FAILURE = "RecordFailure";
const HEIGHT = 34;
const CHARACTER = 7.3;
const MARGIN = 26;
const POINT = 16;

/** {width, height, nodes, groups, edges} of a full definition in JSON. */
export function graphOf(definition) {
  const drawn = new dagre.graphlib.Graph({ compound: true, multigraph: true });
  drawn.setGraph({ rankdir: "TB", nodesep: 22, ranksep: 34, edgesep: 12, marginx: 8, marginy: 8 });
  const edges = [];
  add(definition, null);

  function add(part, parent) {
    for (const [name, state] of Object.entries(part.States)) {
      const inner = state.Branches ?? (state.ItemProcessor ? [state.ItemProcessor] : []);
      if (inner.length) {
        drawn.setNode(name, { group: true });
        for (const each of inner) add(each, name);
      } else {
        drawn.setNode(name, { kind: state.Type, ...sizeOf(name, state) });
      }
      if (parent) drawn.setParent(name, parent);
    }
    for (const [name, state] of Object.entries(part.States)) {
      for (const [to, caught] of targetsOf(state)) {
        for (const source of endsOf(name, state)) {
          for (const target of beginningsOf(to, part.States[to])) {
            edges.push({ from: source, to: target, caught });
          }
        }
      }
    }
  }

  edges.forEach(({ from, to, caught }, index) => {
    if (from !== to) drawn.setEdge(from, to, { caught }, String(index));
  });
  dagre.layout(drawn);
  return shown(drawn);
}

function sizeOf(name, state) {
  if (state.Type === "Choice" || state.Type === "Pass") return { width: POINT, height: POINT };
  return { width: Math.round(name.length * CHARACTER + MARGIN), height: HEIGHT };
}

function targetsOf(state) {
  const found = new Map();
  const next = [state.Next, state.Default, ...(state.Choices ?? []).map((one) => one.Next)];
  for (const to of next) if (to && to !== FAILURE) found.set(to, false);
  for (const { Next: to } of state.Catch ?? []) {
    if (to !== FAILURE && !found.has(to)) found.set(to, true);
  }
  return found;
}

/** Where a state is left: at the ends of what is in it. */
function endsOf(name, state) {
  const inner = state.Branches ?? (state.ItemProcessor ? [state.ItemProcessor] : []);
  if (!inner.length) return [name];
  return inner.flatMap((part) =>
    Object.entries(part.States)
      .filter(([, one]) => one.End || one.Type === "Succeed")
      .flatMap(([each, one]) => endsOf(each, one)),
  );
}

function beginningsOf(name, state) {
  const inner = state.Branches ?? (state.ItemProcessor ? [state.ItemProcessor] : []);
  if (!inner.length) return [name];
  return inner.flatMap((part) => beginningsOf(part.StartAt, part.States[part.StartAt]));
}

function shown(drawn) {
  const round = (value) => Math.round(value * 10) / 10;
  const { width, height } = drawn.graph();
  const nodes = [];
  const groups = [];
  for (const name of drawn.nodes()) {
    const { group, kind, x, y, width: w, height: h } = drawn.node(name);
    const place = { name, x: round(x - w / 2), y: round(y - h / 2), w: round(w), h: round(h) };
    if (group) groups.push(place);
    else nodes.push({ ...place, kind });
  }
  const edges = drawn.edges().map((edge) => {
    const { points, caught } = drawn.edge(edge);
    const line = points.map(({ x, y }) => [round(x), round(y)]);
    return { from: edge.v, to: edge.w, caught, line };
  });
  return { width: round(width), height: round(height), nodes, groups, edges };
}
