// @mercuriusjs/gateway as its own documentation starts it: `mercurius.mjs PORT-OF-SUBGRAPHS`.
import gateway from '@mercuriusjs/gateway';
import Fastify from 'fastify';
import { subgraphSdl } from '../federation/graph.ts';

const jitAfterRequests = 1;
const connections = 50;

const app = Fastify();
const services = Object.entries(subgraphSdl).map(([name, sdl]) => ({ name, url: `http://127.0.0.1:${process.argv[2]}/${name}`, schema: asFederation1(name, sdl), connections }));
await app.register(gateway, { jit: jitAfterRequests, gateway: { services } });
await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`listening ${app.server.address().port}\n`);

/** It knows Federation 1 only, where a type of another service is extended, its key is external and sharing is not said. */
function asFederation1(name, sdl) {
  const owners = { User: 'accounts', Product: 'products', Review: 'reviews' };
  let text = sdl.replace(/extend schema[^\n]*/, '').replaceAll(' @shareable', '').replace('type Query', 'extend type Query');
  for (const [type, owner] of Object.entries(owners)) {
    if (name !== owner) text = text.replace(new RegExp(`type ${type} @key\\(fields: "(\\w+)"\\) \\{ (\\w+: \\w+!)`), `extend type ${type} @key(fields: "$1") { $2 @external`);
  }
  return text;
}
