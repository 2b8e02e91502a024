import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { departments, projectRoot } from '../base/departments.ts';
import { YiwangError, invariant } from '../base/errors.ts';
import { statements, type Connector, type Stream } from './contract.ts';

let loaded: Promise<ReadonlyMap<string, Connector>> | undefined;

/** Every connector found as a folder, by department. */
export function connectors(): Promise<ReadonlyMap<string, Connector>> {
  return (loaded ??= load(departments));
}

/** The connectors of given folders under connectors/; a further department needs nothing but its folder. */
export async function load(names: readonly string[], root = join(projectRoot(), 'connectors')): Promise<ReadonlyMap<string, Connector>> {
  const found = new Map<string, Connector>();
  for (const name of names) {
    const module = (await import(pathToFileURL(join(root, name, 'connector.ts')).href)) as { connector?: Connector };
    invariant(module.connector?.department === name, `connectors/${name}/connector.ts exports \`connector\` of department ${name}`);
    found.set(name, checked(module.connector));
  }
  return found;
}

export async function connectorOf(department: string): Promise<Connector> {
  const connector = (await connectors()).get(department);
  if (!connector) throw new YiwangError('NOT_FOUND', { hint: `there is no department \`${department.slice(0, 40)}\`` });
  return connector;
}

export function streamOf(connector: Connector, name: string): Stream {
  const stream = connector.streams.find((one) => one.name === name);
  if (!stream) throw new YiwangError('NOT_FOUND', { hint: `\`${connector.department}\` has no stream \`${name.slice(0, 40)}\`` });
  return stream;
}

/**
 * The streams that a caller named: of these departments (all where none is named), and of that name where one is given.
 * `USAGE` with what there is, where a department has no such stream or is none.
 */
export async function namedStreams(named: { departments?: readonly string[] | undefined; stream?: string | undefined }): Promise<{ department: string; stream: string }[]> {
  const known = await connectors();
  const wanted = named.departments?.length ? named.departments : [...known.keys()];
  return wanted.flatMap((department) => {
    const connector = known.get(department);
    if (!connector) throw new YiwangError('USAGE', { hint: `there is no department \`${department.slice(0, 40)}\`; known are ${[...known.keys()].join(', ')}` });
    const names = connector.streams.map(({ name }) => name);
    const chosen = names.filter((name) => named.stream === undefined || name === named.stream);
    if (chosen.length === 0) throw new YiwangError('USAGE', { hint: `\`${department}\` has no stream of that name; it has ${names.join(', ')}` });
    return chosen.map((stream) => ({ department, stream }));
  });
}

/** What no declaration may get wrong. */
function checked(connector: Connector): Connector {
  for (const stream of connector.streams) {
    const said = statements.safeParse(stream);
    invariant(said.success, `${connector.department}/${stream.name}: ${said.error?.issues.map((issue) => `\`${issue.path.join('.')}\` ${issue.message}`).join('; ')}`);
    const known = Object.keys(stream.shape.shape);
    for (const column of [...stream.required, ...stream.key.reads, stream.watermark]) invariant(known.includes(column), `${stream.name}: \`${column}\` is a known column`);
    for (const column of stream.requiredTimes) invariant(stream.required.includes(column), `${stream.name}: \`${column}\` is required`);
    invariant(!stream.neverStored.some((column) => known.includes(column)), `${stream.name}: a never-stored column is not part of the shape`);
    invariant(connector.source.kind !== 'events' || stream.neverStored.length === 0, `${stream.name}: events are kept until applied, so they hold nothing forbidden`);
  }
  return connector;
}
