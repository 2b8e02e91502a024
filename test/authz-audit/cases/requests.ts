import { member, nobody, type AuthzCase, type TokenFlaw } from '../case.ts';

const everything = '{ me { salary bonus grade } vault { code } }';
const opensAll = { scope: 'admin read:pay read:all', policies: ['keeper', 'owner', 'nobody'] };

/** How a token can be wrong. None of these is the token of a caller; nor is it a request without one. */
const flaws: Record<TokenFlaw, string> = {
  none: 'the algorithm `none`',
  unsigned: 'the signature left out',
  hmac: 'algorithm confusion: HMAC with the public key as the secret',
  'other-key': 'signed by somebody else',
  expired: 'past its `exp`',
  'no-exp': 'without `exp`',
  'not-yet': 'before its `nbf`',
  issuer: 'of another issuer',
  audience: 'for another audience',
  jwk: 'with its own key in the header',
  jku: 'with the address of its own keys in the header',
  'kid-path': 'with a path as the name of its key',
  crit: 'with a critical extension nobody knows',
  changed: 'changed after it was signed',
  scheme: 'under another scheme',
  garbage: 'what is no token',
};

export const tokenCases: readonly AuthzCase[] = Object.entries(flaws).map(([flaw, text]) => ({ name: `a token: ${text}`, threat: 'algorithm confusion, none, kid tricks, jku, missing claims', caller: opensAll, query: everything, request: { kind: 'token', flaw: flaw as TokenFlaw } }));

const doubled = (levels: number) => `{ me { ...F0 } } ${Array.from({ length: levels }, (_, level) => `fragment F${level} on User { ...F${level + 1} ...F${level + 1} }`).join(' ')} fragment F${levels} on User { salary }`;
const aliased = (times: number) => `{ ${Array.from({ length: times }, (_, at) => `a${at}: me { salary }`).join(' ')} }`;
const withinMs = 10_000;

/** What would take a gateway for ever, by every way an operation comes in: bounded or refused, and nothing refused is fetched. */
export const boundCases: readonly AuthzCase[] = ([undefined, { kind: 'GET' }, { kind: 'form' }, { kind: 'multipart' }, { kind: 'batch' }] as const).flatMap((request) => {
  const way = request === undefined ? 'by POST' : request.kind === 'batch' ? 'in a batch' : `as ${request.kind}`;
  const of = request === undefined ? {} : { request };
  return [
    { name: `fragments that double thirty times, ${way}`, threat: request ? 'limits skipped on another transport; fragment bombs' : 'fragment bombs', caller: nobody, query: doubled(30), neverSent: /\bsalary\b/, answeredWithinMs: withinMs, ...of },
    { name: `a thousand aliases, ${way}`, threat: request ? 'limits skipped on another transport; alias overload' : 'alias overload', caller: nobody, query: aliased(1_000), neverSent: /\bsalary\b/, answeredWithinMs: withinMs, ...of },
  ];
});

/** Mutations, subscriptions, the federation's own fields, other transports, and what is kept or under way for somebody else. */
export const requestCases: readonly AuthzCase[] = [
  { name: 'a refused mutation', threat: 'a refused mutation that ran first', caller: nobody, query: 'mutation { erase { name } }', data: { erase: null }, refused: ['Mutation.erase'], neverSent: /\berase\b/, neverRun: ['erase'] },
  { name: 'a refused mutation under the name of another', threat: 'a refused mutation that ran first; aliases', caller: nobody, query: 'mutation { rename: erase { name } }', data: { rename: null }, refused: ['Mutation.erase'], neverRun: ['erase'] },
  { name: 'a refused mutation beside an open one', threat: 'a refused mutation that ran first', caller: nobody, query: 'mutation { ...M rename(to: "x") { name } } fragment M on Mutation { erase { name } }', data: { erase: null, rename: { name: 'Lin' } }, neverRun: ['erase'] },
  { name: 'a mutation that gives a refused type', threat: 'a refused mutation that ran first; rules on types', caller: member, query: 'mutation { reward { code } }', data: { reward: null }, alsoRight: [{ reward: { code: null } }], refused: ['Mutation.reward'], neverRun: ['reward'] },
  { name: 'a mutation told a value of a refused enum', threat: 'arguments are reads', open: true, caller: nobody, query: 'mutation { promote(grade: SECRET_A) { name } }', data: { promote: null }, neverRun: ['promote'] },
  { name: 'a refused field of what an open mutation gives', threat: 'a refused field', caller: nobody, query: 'mutation { rename(to: "x") { name salary } }', data: { rename: { name: 'Lin', salary: null } }, refused: ['User.salary'], neverSent: /\bsalary\b/ },
  { name: 'a mutation, granted', threat: 'none', caller: member, query: 'mutation { erase { name salary } }', data: { erase: { name: 'Lin', salary: 'SECRET salary' } } },
  { name: 'a refused subscription', threat: 'limits and rules on another transport', caller: nobody, query: 'subscription { ticks }', neverSent: /\bticks\b/ },
  { name: '_entities from outside', threat: '_entities and _service at the gateway', caller: nobody, query: '{ _entities(representations: [{ __typename: "User", ssn: "SECRET-1" }]) { ... on User { salary } } }', neverSent: /\bsalary\b/ },
  { name: '_service from outside', threat: '_entities and _service at the gateway', caller: nobody, query: '{ _service { sdl } }', neverSent: /\bsdl\b/ },
  { name: 'after somebody who may', threat: 'a plan or an answer kept for another caller', caller: nobody, query: '{ me { salary name } vault { code } }', data: { me: { salary: null, name: 'Lin' }, vault: null }, alsoRight: [{ me: { salary: null, name: 'Lin' }, vault: { code: null } }], after: { caller: opensAll } },
  { name: 'after somebody who may, other scopes', threat: 'a plan or an answer kept for another caller', caller: { scope: 'read:pay' }, query: '{ me { bonus name } }', data: { me: { bonus: null, name: 'Lin' } }, after: { caller: { scope: 'admin' } } },
  { name: 'before somebody who may', threat: 'a plan kept for another caller', caller: opensAll, query: '{ me { name grade salary } }', data: { me: { name: 'Lin', grade: 'SECRET_A', salary: 'SECRET salary' } }, after: { caller: nobody } },
  { name: 'at the same time as somebody who may', threat: 'an answer under way shared with another caller', caller: nobody, query: '{ me { name friend { salary } } }', data: { me: { name: 'Lin', friend: { salary: null } } }, after: { caller: opensAll, together: true } },
  { name: 'the same, the answer made from it', threat: 'an answer under way shared with another caller', caller: nobody, query: '{ me { friend { advice name } } }', data: { me: { friend: { advice: null, name: 'Lin' } } }, after: { caller: opensAll, together: true } },
  { name: 'by GET', threat: 'limits and rules on another transport', caller: nobody, query: everything, request: { kind: 'GET' } },
  { name: 'a mutation by GET', threat: 'GET cross-site', caller: nobody, query: 'mutation { rename(to: "x") { name } }', request: { kind: 'GET' }, neverRun: ['rename'] },
  { name: 'as a form', threat: 'cross-site requests', caller: nobody, query: everything, request: { kind: 'form' } },
  { name: 'a mutation as a form', threat: 'cross-site requests', caller: nobody, query: 'mutation { rename(to: "x") { name } }', request: { kind: 'form' }, neverRun: ['rename'] },
  { name: 'a mutation as plain text', threat: 'cross-site requests', caller: nobody, query: 'mutation { rename(to: "x") { name } }', request: { kind: 'text' }, neverRun: ['rename'] },
  { name: 'as multipart', threat: 'limits and rules on another transport', caller: nobody, query: everything, request: { kind: 'multipart' } },
  { name: 'in a batch', threat: 'batches', caller: nobody, query: everything, request: { kind: 'batch' } },
  { name: 'by the hash of what somebody else sent', threat: 'poisoned persisted operations', caller: nobody, query: everything, request: { kind: 'persisted' }, after: { caller: opensAll } },
  { name: 'one of two operations by its name', threat: 'many operations in a document', caller: nobody, query: 'query Open { me { name } } query Closed { me { salary } }', request: { kind: 'operationName', name: 'Closed' }, neverSent: /\bsalary\b/ },
  { name: 'headers that look internal', threat: 'internal headers sent by a client', caller: nobody, query: everything, request: { kind: 'headers', headers: { 'x-user-id': '1', 'x-scopes': 'admin', 'x-yiwang-viewer': 'e30', 'x-forwarded-user': 'root', 'apollo-authorization': '{"scopes":["admin"]}', cookie: 'token=x' } } },
  { name: 'claims in the body', threat: 'a context sent by a client', caller: nobody, query: everything, request: { kind: 'body', body: { extensions: { jwt: { scope: 'admin' }, viewer: { authenticated: true } }, context: { scopes: ['admin'] }, authenticated: true } } },
];
