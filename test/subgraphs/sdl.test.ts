import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { afterAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../base/departments.ts';
import { connectors } from '../../connectors/registry.ts';
import { unclassified } from '../../subgraphs/classified.ts';
import { recordTypes, subgraphSdl } from '../../subgraphs/sdl.ts';

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

/** A copy of the SDL only, with a change. */
function project(change: (root: string) => void): Map<string, string> {
  const root = mkdtempSync(join(tmpdir(), 'yiwang-sdl-'));
  folders.push(root);
  for (const part of ['schema', 'subgraphs']) cpSync(join(projectRoot(), part), join(root, part), { recursive: true, filter: (path) => !/\.(ts|br|sql|csv)$/.test(path) });
  change(root);
  return subgraphSdl(root);
}

function write(root: string, name: string, sdl: string): void {
  mkdirSync(join(root, 'subgraphs', name), { recursive: true });
  writeFileSync(join(root, 'subgraphs', name, 'schema.graphql'), sdl);
}

const compose = (sdl: Map<string, string>) => composeServices([...sdl].map(([name, text]) => ({ name, url: `http://subgraph/${name}`, typeDefs: parse(text) })));

const common = `  id: ID! @classified(as: PUBLIC)
  department: String @classified(as: WORK)
  sourceSystem: String @classified(as: WORK)
  status: CodedValue @classified(as: WORK, mask: TEXT)
  category: CodedValue @classified(as: WORK, mask: TEXT)
  occurredAt: DateTime @classified(as: WORK)
  updatedAt: DateTime @classified(as: WORK)
  division: Division @classified(as: WORK)
  grid: Grid @classified(as: WORK)
  lead: Organization @classified(as: WORK)
  assisting: [Organization!] @classified(as: WORK)
  place: Place @classified(as: WORK)
  provenance: Provenance @classified(as: WORK, mask: TEXT)
  repairs: [Repair!] @classified(as: IDENTIFYING, mask: TEXT)`;

describe('a further department', () => {
  const sdl = project((root) => write(root, 'urban', `type UrbanCase implements Record & Node @key(fields: "id") {\n${common}\n  fine: String @classified(as: WORK)\n}`));

  it('is a type of record everywhere as soon as its folder is there, and the graph composes', () => {
    expect(recordTypes(sdl.get('matter')!)).toContain('UrbanCase');
    expect(sdl.get('registry')).toContain('UrbanCase');
    const { supergraphSdl, errors } = compose(sdl);
    expect(errors).toBeUndefined();
    expect(/^type UrbanCase implements (Record & Node|Node & Record)/m.test(supergraphSdl!)).toBe(true); // a failing `toMatch` prints the graph
    expect(supergraphSdl).toMatch(/matter: Matter @join__field\(graph: MATTER\) @classified\(as: WORK\)/);
  });
});

describe('the public graph', () => {
  const { supergraphSdl } = compose(subgraphSdl());

  it('keeps the class of every field', () => {
    expect(supergraphSdl).toMatch(/phones: \[String!\] @join__field\(graph: REGISTRY\) @classified\(as: PERSONAL, mask: PHONE\)/);
    expect(supergraphSdl).toContain('@link(url: "https://yiwang.example/classified/v1.0"');
  });

  it('quotes no column that the department of the record does not have', async () => {
    for (const { department, streams } of (await connectors()).values()) {
      const columns = new Set(streams.flatMap(({ name, shape }) => [name, ...Object.keys(shape.shape)]));
      const quoted = [...subgraphSdl().get(department)!.matchAll(/^ *""".*?（([a-zA-Z_、]+)）/gm)].flatMap((match) => match[1]!.split('、'));
      expect([department, quoted.filter((name) => !columns.has(name))]).toEqual([department, []]);
    }
  });

  it('hides the keys that join subgraphs', () => {
    for (const key of ['entityKey', 'placeKey', 'thingKey']) expect(supergraphSdl).toMatch(new RegExp(`${key}: ID! .*@inaccessible`));
  });

  it('has no list and no search of persons, and nothing of who is complained about', () => {
    expect(supergraphSdl).not.toMatch(/: \[?PersonConnection|persons\(|searchPerson|respondent/i);
    const returnsPersons = [...supergraphSdl!.matchAll(/^ {2}(\w+)(?:\([^)]*\))?: \[?Person\b/gm)].map((match) => match[1]);
    // `me` at the root; every other way to a person begins at a record or a party of a matter.
    expect(/type Query[\s\S]*?\n}/.exec(supergraphSdl!)![0].match(/: \[?Person\b/g)).toHaveLength(1);
    expect(returnsPersons.length).toBeGreaterThan(3);
  });
});

describe('what does not compose', () => {
  const police = subgraphSdl().get('police')!;
  it.each([
    ['a field without a class', police.replace('narrative: String @classified(as: PERSONAL, mask: TEXT)', 'narrative: String'), '`PoliceCall.narrative` has no class'],
    ['a class that is none', police.replace('narrative: String @classified(as: PERSONAL', 'narrative: String @classified(as: SECRET'), '`PoliceCall.narrative` has no class'],
    ['a renamed directive', police.replace('@link(url: "https://yiwang.example/classified/v1.0", import: ["@classified"])', '@link(url: "https://yiwang.example/classified/v1.0", import: [{ name: "@classified", as: "@open" }])'), '`@classified` is renamed'],
    ['a renamed specification', police.replace('@link(url: "https://yiwang.example/classified/v1.0", import: ["@classified"])', '@link(url: "https://yiwang.example/classified/v1.0", as: "mine", import: ["@classified"])'), '`@classified` is renamed'],
    ['a directive from elsewhere', police.replace('https://yiwang.example/classified/v1.0', 'https://example.org/classified/v1.0'), 'is not linked from'],
  ])('%s', (_, sdl, fault) => {
    expect(sdl).not.toBe(police);
    expect(unclassified(parse(sdl)).join()).toContain(fault);
  });

  it('an argument without a class', () => {
    expect(unclassified(parse('type Query { a(b: Int): Int @classified(as: PUBLIC) } input I { c: Int }')).join()).toMatch(/`Query\.a\(b:\)` has no class.*`I\.c` has no class/);
  });
});
