import { ApolloGateway } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { benchSupergraph } from './supergraph.ts';

// The reference, as its own documentation starts it.
const server = new ApolloServer({ gateway: new ApolloGateway({ supergraphSdl: benchSupergraph(Number(process.argv[2])) }) });
const { url } = await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' } });
process.stdout.write(`listening ${new URL(url).port}\n`);
