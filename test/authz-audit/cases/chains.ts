import { member, nobody, type AuthzCase } from '../case.ts';

/** Values made from refused values: `@requires` in one step, in two, through objects and through interfaces. */
export const chainCases: readonly AuthzCase[] = [
  { name: 'made from a refused field (@requires)', threat: 'transitive @requires', caller: nobody, query: '{ me { name tax } }', data: { me: { name: 'Lin', tax: null } }, refused: ['User.tax'], neverSent: /\b(salary|tax)\b/ },
  { name: 'made from what is made from a refused field', threat: 'transitive @requires, two steps', caller: nobody, query: '{ me { name advice } }', data: { me: { name: 'Lin', advice: null } }, refused: ['User.advice'], neverSent: /\b(salary|tax|advice)\b/ },
  { name: 'under an alias called as its source', threat: 'transitive @requires; aliases', caller: nobody, query: '{ me { salary: advice tax: name } }', data: { me: { salary: null, tax: 'Lin' } }, refused: ['User.advice'], neverSent: /\b(advice|salary)\b/ },
  { name: 'made from fields that are open to the caller', threat: 'none', caller: member, query: '{ me { advice } }', data: { me: { advice: 'advice from tax from SECRET salary' } } },
  { name: 'made from an object of a refused type', threat: 'transitive @requires over types', caller: member, query: '{ me { inventory mail } }', data: { me: { inventory: null, mail: 'lin@example.test' } }, refused: ['User.inventory'], neverSent: /\b(vaults|inventory)\b/ },
  { name: 'made from an object of a type that is open to the caller', threat: 'none', caller: { policies: ['keeper'] }, query: '{ me { inventory } }', data: { me: { inventory: 'inventory of SECRET code' } } },
  { name: 'made from a field of an interface', threat: 'transitive @requires over interfaces', caller: nobody, query: '{ me { motto } }', data: { me: { motto: null } }, refused: ['User.motto'], neverSent: /\b(motto|label)\b/ },
  { name: 'made from a field of an interface, granted', threat: 'none', caller: member, query: '{ me { motto } }', data: { me: { motto: 'motto on SECRET gem' } } },
  { name: 'its source through the interface itself', threat: 'interface and implementation differ', caller: nobody, query: '{ me { favourite { label } } }', data: { me: { favourite: { label: null } } }, refused: ['Gem.label'] },
];
