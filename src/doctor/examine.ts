import type { Exchange } from '../market/exchange.js';
import { reasonOf } from '../util/reason.js';
import { type Evidence, type Group, GROUPS } from './evidence.js';
import { type Judgement, unseen } from './fact.js';
import { Lab, type LabParts } from './lab.js';
import { probeChanges, probeCompared, probeIdle } from './probes/changes.js';
import { probeList, probeRest } from './probes/lists.js';
import { probeReach } from './probes/reach.js';
import { probeAll, probeStream, probeUnknown } from './probes/streams.js';
import { probeTrades } from './probes/trades.js';

/** The finding about one fact of one exchange. */
export interface Finding extends Judgement {
  readonly exchange: Exchange;
  readonly group: Group;
  readonly id: string;
  readonly expected: string;
}

/** All findings about one exchange. */
export interface Examination {
  readonly exchange: Exchange;
  readonly findings: readonly Finding[];
  /** Whether there was any response at all. */
  readonly reached: boolean;
}

const PROBES: { readonly [G in Group]: (lab: Lab) => Promise<Evidence[G]> } = {
  reach: probeReach,
  list: probeList,
  rest: probeRest,
  stream: probeStream,
  all: probeAll,
  unknown: probeUnknown,
  changes: probeChanges,
  compared: probeCompared,
  trades: probeTrades,
  idle: probeIdle,
};

/** Groups that need the market list. */
const NEEDS_LIST: ReadonlySet<Group> = new Set(GROUPS.slice(2, 9));

/**
 * Probes one exchange and judges its facts. A group that fails leaves its facts unseen, with the
 * reason.
 * @param groups those to probe; the market list is always read when another needs it
 */
export async function examine(
  parts: LabParts,
  groups: readonly Group[] = GROUPS.filter((group) => group !== 'idle'),
): Promise<Examination> {
  const lab = new Lab(parts);
  const { adapter, facts } = parts.sheet;
  const { exchange } = adapter;
  const findings: Finding[] = [];
  let reached = false;
  const wanted = new Set<Group>(groups);
  if (groups.some((group) => NEEDS_LIST.has(group))) wanted.add('list');
  for (const group of GROUPS) {
    const of = facts.filter((one) => one.group === group);
    let judge: (index: number) => Judgement;
    if (!wanted.has(group)) judge = () => unseen('only with --long');
    else {
      lab.group = group;
      try {
        if (NEEDS_LIST.has(group) && lab.listed.length === 0)
          throw new Error('there is no market list');
        const seen: never = (await PROBES[group](lab)) as never;
        judge = (index) => of[index]!.judge(seen);
        reached ||= answered(group, seen);
      } catch (error) {
        const why = reasonOf(error);
        judge = () => unseen(why);
      }
    }
    for (const [index, { id, expected }] of of.entries())
      findings.push({ exchange, group, id, expected, ...safely(judge, index) });
  }
  return { exchange, findings, reached };
}

/** Whether a group got any response. The first two merely record that there was none. */
function answered(group: Group, seen: Partial<Evidence['reach'] & Evidence['list']>): boolean {
  if (group === 'reach') return seen.named?.failure === null || seen.upgrade?.failure === null;
  return group !== 'list' || seen.answer?.failure === null;
}

/** The evidence may have any shape; if it breaks a judgement, that itself is what was seen. */
function safely(judge: (index: number) => Judgement, index: number): Judgement {
  try {
    return judge(index);
  } catch (error) {
    return { verdict: 'CONTRADICTED', seen: `cannot be judged: ${reasonOf(error)}` };
  }
}
