import type { Fetch } from './plan.ts';
import { callersVariable } from './planned.ts';
import type { Run } from './run.ts';

/** The JSON of a request's body, given that of its further variables and extensions (`"name":value` each). */
export type Body = (variables: Run['variables'], more?: readonly string[], extensions?: string) => string;

/** Everything that does not change from call to call is written once. */
export function bodyOf(fetch: Fetch): Body {
  const named = fetch.operationName === undefined ? '' : `"operationName":${JSON.stringify(fetch.operationName)},`;
  const head = `{"query":${JSON.stringify(fetch.operation)},${named}"variables":{`;
  const keys = fetch.variables.map((name) => ({ name: callersVariable(name), lead: `${JSON.stringify(name)}:` }));
  return (variables, more = [], extensions) => {
    const parts = [...more];
    for (const { name, lead } of keys) {
      const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
      if (value !== undefined) parts.push(lead + JSON.stringify(value));
    }
    return `${head}${parts.join(',')}}${extensions === undefined ? '' : `,"extensions":{${extensions}}`}}`;
  };
}
