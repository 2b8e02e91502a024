/**
 * The open audit of field authorization: each case is a graph with rules, a caller, an operation, and what may and may not
 * come back. Nothing here knows which gateway it is asked of.
 */
export interface AuthzCase {
  name: string;
  /** The class of known advisories, or the sentence of the specification, that it stands for. */
  threat: string;
  caller: Caller;
  query: string;
  variables?: Record<string, unknown>;
  /** What every gateway must give; where `null` stands, one may also refuse the whole operation (`data: null`, errors). */
  data: unknown;
  /** Refused coordinates: `extensions.access` names each, where the gateway has that extension. */
  refused?: readonly string[];
  /** A refused field is not fetched: no subgraph is sent a text that matches this. */
  neverSent?: RegExp;
}

/** What a token grants; null: no token. */
export type Caller = { scope?: string; policies?: readonly string[] } | null;

/** A secret of the data begins so: it stands in no answer to a caller who may not read it. */
export const secretMark = 'SECRET';

const nobody: Caller = null;
const member: Caller = {};

export const cases: readonly AuthzCase[] = [
  { name: 'an open field', threat: 'none: what asks for nothing is open', caller: nobody, query: '{ me { name } }', data: { me: { name: 'Lin' } } },
  { name: 'a field', threat: 'a refused field', caller: nobody, query: '{ me { name salary } }', data: { me: { name: 'Lin', salary: null } }, refused: ['User.salary'], neverSent: /\bsalary\b/ },
  { name: 'a field, given to whom it is open', threat: 'none', caller: member, query: '{ me { salary } }', data: { me: { salary: 'SECRET salary' } } },
  { name: 'a field under an alias', threat: 'aliases', caller: nobody, query: '{ me { name: salary } }', data: { me: { name: null } }, refused: ['User.salary'], neverSent: /\bsalary\b/ },
  { name: 'a field twice, once under an alias', threat: 'aliases and merged fields', caller: nobody, query: '{ me { salary a: salary } me { b: salary } }', data: { me: { salary: null, a: null, b: null } }, refused: ['User.salary'], neverSent: /\bsalary\b/ },
  { name: 'an alias called as a hidden key', threat: 'aliases that collide with what a join needs', caller: nobody, query: '{ me { ssn: name mail } }', data: { me: { ssn: 'Lin', mail: 'lin@example.test' } } },
  { name: 'a refused key under its own name', threat: 'a join needs it, the caller may not have it', caller: nobody, query: '{ me { ssn mail } }', data: { me: null }, refused: ['User.ssn'] },
  { name: 'aliases of every object', threat: 'prototype pollution by aliases', caller: nobody, query: '{ me { constructor: name toString: name hasOwnProperty: salary } }', data: { me: { constructor: 'Lin', toString: 'Lin', hasOwnProperty: null } }, refused: ['User.salary'] },
  { name: 'a named fragment', threat: 'fragments', caller: nobody, query: 'query { me { ...F } } fragment F on User { name salary }', data: { me: { name: 'Lin', salary: null } }, refused: ['User.salary'], neverSent: /\bsalary\b/ },
  { name: 'fragments in fragments', threat: 'fragments', caller: nobody, query: 'query { me { ...F } } fragment F on User { ... { ...G } } fragment G on User { ... on User { salary } name }', data: { me: { salary: null, name: 'Lin' } }, refused: ['User.salary'], neverSent: /\bsalary\b/ },
  { name: 'behind @include', threat: 'directives of execution', caller: nobody, query: 'query ($yes: Boolean!) { me { salary @include(if: $yes) name @skip(if: $yes) } }', variables: { yes: true }, data: { me: { salary: null } }, refused: ['User.salary'], neverSent: /\bsalary\b/ },
  { name: 'a renamed directive', threat: 'renamed imports', caller: nobody, query: '{ me { name bonus } }', data: { me: { name: 'Lin', bonus: null } }, refused: ['User.bonus'], neverSent: /\bbonus\b/ },
  { name: 'scopes: one of a list is not the list', threat: 'scopes are and within a list, or between lists', caller: { scope: 'read:pay' }, query: '{ me { bonus } }', data: { me: { bonus: null } }, refused: ['User.bonus'] },
  { name: 'scopes: the whole list', threat: 'none', caller: { scope: 'read:pay read:all' }, query: '{ me { bonus } }', data: { me: { bonus: 'SECRET bonus' } } },
  { name: 'scopes: the other list', threat: 'none', caller: { scope: 'admin' }, query: '{ me { bonus } }', data: { me: { bonus: 'SECRET bonus' } } },
  { name: 'scopes: a longer word', threat: 'scopes are words, not prefixes', caller: { scope: 'administrator read:pay.read:all' }, query: '{ me { bonus } }', data: { me: { bonus: null } }, refused: ['User.bonus'] },
  { name: 'an object type with @policy', threat: 'rules on types', caller: member, query: '{ vault { code } me { name } }', data: { vault: null, me: { name: 'Lin' } }, refused: ['Query.vault'], neverSent: /\bvault\b/ },
  { name: 'an object type with @policy, granted', threat: 'none', caller: { policies: ['keeper'] }, query: '{ vault { code } }', data: { vault: { code: 'SECRET code' } } },
  { name: 'an object type through another path', threat: 'rules on types, every path', caller: member, query: '{ me { vaults { code } name } }', data: { me: { vaults: null, name: 'Lin' } }, refused: ['User.vaults'], neverSent: /\bvaults\b/ },
  { name: 'an enum', threat: 'rules on enums', caller: nobody, query: '{ me { grade name } }', data: { me: { grade: null, name: 'Lin' } }, refused: ['User.grade'], neverSent: /\bgrade\b/ },
  { name: 'a scalar', threat: 'rules on scalars', caller: nobody, query: '{ me { badge name } }', data: { me: { badge: null, name: 'Lin' } }, refused: ['User.badge'], neverSent: /\bbadge\b/ },
  { name: 'an interface field, by the types it meets', threat: 'interface and implementation differ', caller: nobody, query: '{ media { title } }', data: { media: [{ title: null }, { title: 'film' }] }, refused: ['Book.title'] },
  { name: 'an interface field through a fragment on the type', threat: 'interface rules passed by through fragments', caller: nobody, query: '{ media { ... on Book { title } ... on Film { title } } }', data: { media: [{ title: null }, { title: 'film' }] }, refused: ['Book.title'] },
  { name: 'an interface whose only type has a rule', threat: 'polymorphic types: composition gives the interface the rules of its types', caller: nobody, query: '{ notes { text } }', data: { notes: null }, refused: ['Query.notes'], neverSent: /\bnotes\b/ },
  { name: 'a union member with a rule', threat: 'polymorphic types: unions', caller: nobody, query: '{ found { __typename ... on Film { title } ... on Diary { page } } }', data: { found: [{ __typename: 'Film', title: 'film' }, { __typename: 'Diary', page: null }] }, refused: ['Diary.page'], neverSent: /\bpage\b/ },
  { name: 'made from a refused field (@requires)', threat: 'transitive @requires', caller: nobody, query: '{ me { name tax } }', data: { me: { name: 'Lin', tax: null } }, refused: ['User.tax'], neverSent: /\b(salary|tax)\b/ },
  { name: 'made from what is made from a refused field', threat: 'transitive @requires, two steps', caller: nobody, query: '{ me { name advice } }', data: { me: { name: 'Lin', advice: null } }, refused: ['User.advice'], neverSent: /\b(salary|tax|advice)\b/ },
  { name: 'made from fields that are open to the caller', threat: 'none', caller: member, query: '{ me { advice } }', data: { me: { advice: 'advice from tax from SECRET salary' } } },
  { name: 'a null that may not be one climbs', threat: 'null propagation (specification, 6.4.4)', caller: nobody, query: '{ account { owner balance } me { name } }', data: { account: null, me: { name: 'Lin' } }, refused: ['Account.balance'], neverSent: /\bbalance\b/ },
  { name: 'a refused mutation', threat: 'a refused mutation that ran first', caller: nobody, query: 'mutation { erase { name } }', data: { erase: null }, refused: ['Mutation.erase'], neverSent: /\berase\b/ },
  { name: '__typename of a refused type', threat: 'what introspection of an answer tells', caller: member, query: '{ vault { __typename } }', data: { vault: null }, refused: ['Query.vault'], neverSent: /\bvault\b/ },
  { name: 'an argument that holds a refused name is text', threat: 'none', caller: nobody, query: '{ echo(text: "salary") }', data: { echo: 'salary' } },
  { name: '_entities from outside', threat: '_entities and _service at the gateway', caller: nobody, query: '{ _entities(representations: [{ __typename: "User", ssn: "SECRET-1" }]) { ... on User { salary } } }', data: undefined },
  { name: '_service from outside', threat: '_entities and _service at the gateway', caller: nobody, query: '{ _service { sdl } }', data: undefined },
];
