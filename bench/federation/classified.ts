import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { invariant } from '../../base/errors.ts';
import { subgraphSdl } from './graph.ts';

const head = `
  extend schema @link(url: "https://yiwang.example/classified/v1.0", import: ["@classified"]) @composeDirective(name: "@classified")
  directive @classified(as: FieldClass!, mask: Mask, owner: String) on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
  enum FieldClass { PUBLIC WORK PERSONAL IDENTIFYING SENSITIVE RESTRICTED }
  enum Mask { NAME PHONE ID_NUMBER ADDRESS COORDINATES BIRTH_DATE TEXT }`;

/** What is not work: nobody who is measured asks for it, but every decision is made. */
const stricter: Record<string, string> = { birthday: 'PERSONAL' };

/** The bench's supergraph with a class on every field, as the hub demands it; its subgraphs are the same. */
export function classifiedSupergraph(port: number): string {
  const services = Object.entries(subgraphSdl).map(([name, sdl]) => ({ name, url: `http://127.0.0.1:${port}/${name}`, typeDefs: parse(classified(sdl)) }));
  const { supergraphSdl, errors } = composeServices(services);
  invariant(supergraphSdl, `the classified subgraphs compose: ${errors?.map((error) => error.message).join('; ')}`);
  return supergraphSdl;
}

function classified(sdl: string): string {
  const withFields = sdl.replace(/(\w+)(\([^)]*\))?: (\[?\w+!?\]?!?)(?=[ }\n])/g, (whole, name: string) => `${whole} @classified(as: ${stricter[name] ?? 'WORK'})`);
  return `${withFields.replace(/federation\/v2\.3", import: \[/, 'federation/v2.9", import: ["@composeDirective", ')}\n${head}`;
}
