import { sha256Hex } from '../../base/canonical.ts';
import { signViewer } from '../../policy/viewer.ts';
import type { Fault } from './checks.ts';
import { organisations } from './places.ts';
import { now, signingKey, type Caller, type Twin } from './twin.ts';
import { official } from './viewers.ts';
import { contextOf } from './walls.ts';

const clerk = official('CLERK', organisations[0]!, 'TOWNSHIP', '510107001000', 'MEDIATION', 'MEDIATION');
const app = official('APP', organisations[0]!, 'TOWNSHIP', '510107001000', 'MEDIATION', 'SUPERVISION');
const analyst = official('ANALYST', organisations[0]!, 'COUNTY', '510107000000', 'MEDIATION', 'SUPERVISION');
const nobody: Caller = { label: 'nobody', claims: null };

/** Who is let in at all, and what a refusal says: what each of these callers must be answered, and must not. */
const cases: readonly { check: string; caller: Caller; query: string; must?: RegExp; mustNot?: RegExp }[] = [
  { check: 'nobody signs in, nobody is answered', caller: nobody, query: '{ records(first: 1) { nodes { id } } }', must: /UNAUTHENTICATED/ },
  { check: 'a service account runs what is registered', caller: app, query: '{ records(first: 7) { nodes { id } } }', must: /OPERATION_NOT_REGISTERED/ },
  { check: 'a purpose is one of the token\'s', caller: { ...clerk, purpose: 'NOTHING' }, query: '{ __typename }', must: /PURPOSE_UNKNOWN/ },
  { check: 'an unknown field has no suggestions', caller: clerk, query: '{ recordz { nodes { id } } }', must: /BAD_REQUEST/, mustNot: /Did you mean/ },
  { check: 'introspection shows what could be revealed', caller: { ...analyst, claims: { ...analyst.claims, purposes: ['SUPERVISION'] } }, query: '{ __type(name: "PoliceCall") { fields { name } } }', must: /receivingUnit/, mustNot: /narrative/ },
  { check: 'the federation\'s own fields are not the gateway\'s', caller: clerk, query: '{ _service { sdl } }', must: /BAD_REQUEST/ },
];

export async function admissionFaults(twin: Twin): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const { check, caller, query, must, mustNot } of cases) {
    const { text } = await twin.ask(caller, { query, variables: {} });
    if ((must && !must.test(text)) || mustNot?.test(text)) faults.push({ check, viewer: caller.label, asked: query, expected: String(must ?? mustNot), got: text.slice(0, 500) });
  }
  return faults;
}

/** A subgraph believes a context that is signed, for it, for this body, and fresh; and no other one. */
export async function contextFaults(twin: Twin): Promise<Fault[]> {
  const body = JSON.stringify({ query: '{ __typename }' });
  const binding = { audience: 'police', bodyHash: sha256Hex(body), key: signingKey, now: now() };
  const contexts: [string, string][] = [
    ['signed with another key', signViewer(contextOf(clerk), { ...binding, key: new Uint8Array(32) })],
    ['made for another subgraph', signViewer(contextOf(clerk), { ...binding, audience: 'hotline' })],
    ['made for another body', signViewer(contextOf(clerk), { ...binding, bodyHash: sha256Hex('{}') })],
    ['a minute old', signViewer(contextOf(clerk), { ...binding, now: new Date(now().getTime() - 60_000) })],
  ];
  const faults: Fault[] = [];
  const { text } = await twin.askSubgraph('police', body, signViewer(contextOf(clerk), binding));
  if (!text.includes('"data"')) faults.push({ check: 'a right context is believed', viewer: clerk.label, asked: body, expected: 'data', got: text });
  for (const [what, header] of contexts) {
    const answer = await twin.askSubgraph('police', body, header);
    if (!answer.text.includes('UNAUTHENTICATED')) faults.push({ check: `a context ${what} is refused`, viewer: clerk.label, asked: body, expected: 'UNAUTHENTICATED', got: answer.text });
  }
  return faults;
}
