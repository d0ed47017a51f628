/** The revision graph as a picture: newest on top, a lane for each branch. */
import type { Revision } from 'limbeck';
import { make } from './view';

const ROW = 48;
const LANE = 28;

interface Place {
  row: number;
  lane: number;
}

export function picture(revisions: Revision[], applied: ReadonlySet<string>): HTMLElement {
  const places = laidOut(revisions);
  const lanes = 1 + Math.max(0, ...[...places.values()].map(({ lane }) => lane));
  const x = (lane: number) => LANE / 2 + lane * LANE;
  const y = (row: number) => ROW / 2 + row * ROW;
  const svg = element('svg', { width: lanes * LANE, height: revisions.length * ROW, 'aria-hidden': 'true' });
  for (const { revision, revises } of revisions) {
    const from = places.get(revision)!;
    for (const parent of revises) {
      const to = places.get(parent);
      if (!to) continue;
      const [x1, y1, x2, y2] = [x(from.lane), y(from.row), x(to.lane), y(to.row)];
      // Past other revisions it runs in the outer lane, with a bend at each end.
      const out = x(Math.max(from.lane, to.lane));
      const bends =
        to.row === from.row + 1
          ? curve(x1, y1, x2, y2)
          : curve(x1, y1, out, y1 + ROW) + ` V${y2 - ROW} ` + curve(out, y2 - ROW, x2, y2);
      svg.append(element('path', { d: `M${x1} ${y1} ${bends}`, class: applied.has(revision) ? 'line applied' : 'line' }));
    }
  }
  const labels = make('ol', { start: 0 });
  for (const { revision, message, current } of revisions) {
    const { row, lane } = places.get(revision)!;
    if (current) svg.append(element('circle', { cx: x(lane), cy: y(row), r: 11, class: 'ring' }));
    svg.append(element('circle', { cx: x(lane), cy: y(row), r: 6, class: applied.has(revision) ? 'dot applied' : 'dot' }));
    const state = current ? 'the notes are here' : applied.has(revision) ? '' : 'to come';
    labels.append(make('li', {}, [make('div', {}, [make('b', {}, [revision]), ` ${state}`]), make('div', { title: message }, [message])]));
  }
  return make('div', { className: 'graph' }, [svg, labels]);
}

/** A revision goes on in the lane of its first child; every further parent has a lane to the right. */
function laidOut(revisions: Revision[]): Map<string, Place> {
  const lanes = new Map<string, number>();
  const places = new Map<string, Place>();
  revisions.forEach(({ revision, revises }, row) => {
    const lane = lanes.get(revision) ?? 0;
    places.set(revision, { row, lane });
    revises.forEach((parent, nth) => lanes.set(parent, Math.min(lanes.get(parent) ?? Infinity, lane + nth)));
  });
  return places;
}

function curve(x1: number, y1: number, x2: number, y2: number): string {
  const middle = (y1 + y2) / 2;
  return `C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}`;
}

function element<K extends keyof SVGElementTagNameMap>(name: K, attributes: Record<string, string | number>): SVGElementTagNameMap[K] {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, String(value));
  return made;
}
