// The state machine, lit as far as a request's execution came. What it shows, the list of steps
// says as well, in words.
import type { Step } from "built/api";
import graph from "built/graph.json";
import { useEffect, useMemo, useRef } from "preact/hooks";

type Light = "done" | "runs" | "failed" | undefined;
type Node = (typeof graph.nodes)[number];

const LIGHTS: Record<Step["state"], Light> = {
  RUNNING: "runs",
  SUCCEEDED: "done",
  FAILED: "failed",
  STOPPED: "failed",
};
const PASSED = ["Choice", "Pass", "Wait"];
const ROUNDED = 8;

export function Graph({ steps }: { steps: Step[] }) {
  const [lights, isTaken] = useMemo(() => {
    const found = lightsOf(steps);
    return [found, takenBy(found, steps)] as const;
  }, [steps]);
  const pane = useRef<HTMLDivElement>(null);
  const running = steps.findLast((one) => one.state !== "SUCCEEDED")?.step ?? steps.at(-1)?.step;
  useEffect(() => {
    const node = graph.nodes.find((one) => one.name === running);
    const element = pane.current;
    if (!node || !element) return;
    element.scrollTo({
      left: node.x + node.w / 2 - element.clientWidth / 2,
      top: node.y + node.h / 2 - element.clientHeight / 2,
    });
  }, [running]);
  return (
    <div class="graph" ref={pane} tabIndex={0} role="region" aria-label="The state machine">
      <svg
        width={graph.width}
        height={graph.height}
        viewBox={`0 0 ${graph.width} ${graph.height}`}
        role="img"
        aria-label={`State machine, ${saidOf(steps)}`}
      >
        <defs>
          <marker
            id="arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="9"
            markerHeight="9"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path d="M0 0L8 4L0 8z" />
          </marker>
        </defs>
        {graph.groups.map(({ name, x, y, w, h }) => (
          <rect key={name} class="group" x={x} y={y} width={w} height={h} rx={12} />
        ))}
        {graph.edges.map(({ from, to, caught, line }, index) => (
          <path
            key={index}
            class={`edge ${caught ? "caught" : ""} ${isTaken(from, to, caught) ? "lit" : ""}`}
            d={curve(line as [number, number][])}
            marker-end="url(#arrow)"
          />
        ))}
        {graph.nodes.map((node) => (
          <Shape key={node.name} node={node} light={lights[node.name]} />
        ))}
      </svg>
    </div>
  );
}

function Shape({ node, light }: { node: Node; light: Light }) {
  const { name, kind, x, y, w, h } = node;
  const isPoint = kind === "Choice" || kind === "Pass";
  const round = kind === "Succeed" || kind === "Fail" || kind === "Wait" ? h / 2 : ROUNDED;
  const turn = kind === "Choice" ? `rotate(45 ${x + w / 2} ${y + h / 2})` : undefined;
  return (
    <g class={`node ${kind.toLowerCase()} ${light ?? ""}`} data-state={name} data-light={light}>
      <title>{name}</title>
      <rect x={x} y={y} width={w} height={h} rx={isPoint ? 2 : round} transform={turn} />
      {!isPoint && (
        <text x={x + w / 2} y={y + h / 2} dy="0.35em" text-anchor="middle">
          {name}
        </text>
      )}
    </g>
  );
}

/**
 * What the steps say of each state; and of those that are no steps, whether they stand on a way
 * from a step that is done to one that has begun.
 */
function lightsOf(steps: Step[]): Record<string, Light> {
  const lights: Record<string, Light> = {};
  for (const { step, state } of steps) lights[step] = LIGHTS[state];
  const edges = graph.edges.filter((edge) => !edge.caught);
  const between = new Set(
    graph.nodes.filter((one) => PASSED.includes(one.kind)).map((one) => one.name),
  );
  const after = spread((reached) =>
    edges.filter(({ from }) => lights[from] === "done" || reached.has(from)).map(({ to }) => to),
  );
  const before = spread((reached) =>
    edges.filter(({ to }) => lights[to] || reached.has(to)).map(({ from }) => from),
  );
  for (const name of after) if (before.has(name)) lights[name] = "done";
  for (const { name, kind } of graph.nodes) {
    const isReached = edges.some(
      ({ from, to }) => to === name && lights[from] === "done" && !between.has(from),
    );
    if (kind === "Succeed" && isReached) lights[name] = "done";
    if (kind === "Fail" && isReached) lights[name] = "failed";
  }
  return lights;

  /** The states between steps that are come to again and again from those that were. */
  function spread(next: (reached: Set<string>) => string[]): Set<string> {
    const reached = new Set<string>();
    for (let size = -1; size !== reached.size;) {
      size = reached.size;
      for (const name of next(reached)) if (between.has(name)) reached.add(name);
    }
    return reached;
  }
}

/**
 * Whether a transition was taken. Of those that leave a choice it is the one to what began first:
 * the others lead to what was come to later.
 */
function takenBy(
  lights: Record<string, Light>,
  steps: Step[],
): (from: string, to: string, caught: boolean) => boolean {
  const began = new Map(steps.map((one) => [one.step, Date.parse(one.startedAt)]));
  const choices = new Set(
    graph.nodes.filter((one) => one.kind === "Choice").map((one) => one.name),
  );
  const next = (from: string) =>
    graph.edges.filter((edge) => edge.from === from && lights[edge.to]);
  const firstOf = (name: string, seen: string[] = []): number => {
    if (began.has(name)) return began.get(name)!;
    if (seen.includes(name)) return Infinity;
    return Math.min(...next(name).map((edge) => firstOf(edge.to, [...seen, name])));
  };
  return (from, to, caught) => {
    if (!lights[from] || !lights[to] || (caught && lights[from] !== "failed")) return false;
    if (!choices.has(from)) return true;
    return firstOf(to) === Math.min(...next(from).map((edge) => firstOf(edge.to)));
  };
}

function saidOf(steps: Step[]): string {
  const running = steps.filter((one) => one.state === "RUNNING").map((one) => one.step);
  const failed = steps.filter((one) => LIGHTS[one.state] === "failed").map((one) => one.step);
  const done = steps.filter((one) => one.state === "SUCCEEDED").length;
  return [
    `${done} steps done`,
    running.length && `running: ${running.join(", ")}`,
    failed.length && `failed: ${failed.join(", ")}`,
  ]
    .filter(Boolean)
    .join("; ");
}

function curve(line: [number, number][]): string {
  const [first, ...rest] = line;
  let path = `M${first}`;
  rest.forEach(([x, y], index) => {
    const next = rest[index + 1];
    path += next ? `Q${x} ${y} ${(x + next[0]) / 2} ${(y + next[1]) / 2}` : `L${x} ${y}`;
  });
  return path;
}
