import { buildSubgraphSchema } from '@apollo/subgraph';
import Fastify from 'fastify';
import { parse } from 'graphql';
import mercurius from 'mercurius';
import { openSeen, seenReport } from '../../policy/seen.ts';
import { viewerHeader } from '../../policy/viewer.ts';
import { ofAuthor, products, reviews, shippingEstimate, subgraphSdl, users, type Review } from './graph.ts';

// The four subgraphs in one process, compiled, so that they cost as little as they can beside what is measured.
const jitAfterRequests = 1;

interface Representation {
  id?: string;
  upc?: string;
  price?: number;
  weight?: number;
}

const product = (upc: string | undefined) => products[Number(upc) - 1];
const review = (one: Review) => ({ ...one, product: { upc: one.upc }, author: { id: '1', username: users[0]!.username } });

const resolvers: Record<string, Record<string, Record<string, unknown>>> = {
  accounts: {
    Query: { me: () => users[0], user: (_: unknown, { id }: { id: string }) => users[Number(id) - 1], users: () => users },
    User: { __resolveReference: ({ id }: Representation) => users[Number(id) - 1] },
  },
  inventory: {
    Product: {
      __resolveReference: (key: Representation) => ({ ...key, inStock: product(key.upc)?.inStock }),
      shippingEstimate: ({ price, weight }: Representation) => (price === undefined || weight === undefined ? null : shippingEstimate(price, weight)),
    },
  },
  products: {
    Query: { topProducts: (_: unknown, { first }: { first: number }) => products.slice(0, first) },
    Product: { __resolveReference: ({ upc }: Representation) => product(upc) },
  },
  reviews: {
    Review: { __resolveReference: ({ id }: Representation) => review(reviews[Number(id) - 1]!) },
    User: { __resolveReference: ({ id }: Representation) => ({ id }), reviews: () => ofAuthor.map(review) },
    Product: { __resolveReference: ({ upc }: Representation) => ({ upc }), reviews: ({ upc }: Representation) => reviews.filter((one) => one.upc === upc).map(review) },
  },
};

const app = Fastify();
for (const [name, sdl] of Object.entries(subgraphSdl)) {
  await app.register(async (scope) => {
    // The hub's gateway releases nothing without a report of what was seen; the other gateways do not send a viewer.
    scope.addHook('preSerialization', async (request, _reply, payload) => (request.headers[viewerHeader] === undefined ? payload : { ...(payload as object), extensions: { seen: seenReport(openSeen()) } }));
    await scope.register(mercurius, { schema: buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers: resolvers[name] as never }]), path: `/${name}`, jit: jitAfterRequests });
  });
}
await app.listen({ host: '127.0.0.1', port: Number(process.argv[2] ?? 0) });
const address = app.server.address();
process.stdout.write(`listening ${typeof address === 'object' ? address?.port : 0}\n`);
process.on('SIGTERM', () => process.exit(0));
