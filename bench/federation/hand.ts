import Fastify from 'fastify';
import { Pool } from 'undici';

// What a good engineer would write by hand for this one query: the fewest calls, pooled connections, one merge.
const connectionsMax = 50;
const pool = new Pool(`http://127.0.0.1:${process.argv[2]}`, { connections: connectionsMax });

interface Entity {
  [field: string]: unknown;
}

interface ReviewRow extends Entity {
  product?: Entity;
  author?: Entity;
}

async function ask<T>(subgraph: string, query: string, variables: unknown = {}): Promise<T> {
  const { body } = await pool.request({ method: 'POST', path: `/${subgraph}`, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query, variables }) });
  return ((await body.json()) as { data: T }).data;
}

const productReviews = '... on Product { upc reviews { id body author { id username reviews { id body product { upc } } } } }';

async function answer(): Promise<unknown> {
  const [{ users }, { topProducts }] = await Promise.all([
    ask<{ users: Entity[] }>('accounts', '{ users { id username name } }'),
    ask<{ topProducts: Entity[] }>('products', '{ topProducts { name price upc weight } }'),
  ]);
  const entities = 'query ($r: [_Any!]!) { _entities(representations: $r) {';
  const byUser = await ask<{ _entities: { reviews: ReviewRow[] }[] }>('reviews', `${entities} ... on User { reviews { id body product { upc } } } } }`, { r: users.map(({ id }) => ({ __typename: 'User', id })) });
  const upcs = [...new Set([...topProducts.map(({ upc }) => upc), ...byUser._entities.flatMap((user) => user.reviews.map((review) => review.product!['upc']))])] as string[];
  const keys = upcs.map((upc) => ({ __typename: 'Product', upc }));
  const [reviews, known] = await Promise.all([
    ask<{ _entities: { upc: string; reviews: ReviewRow[] }[] }>('reviews', `${entities} ${productReviews} } }`, { r: keys }),
    ask<{ _entities: Entity[] }>('products', `${entities} ... on Product { name price upc weight } } }`, { r: keys }),
  ]);
  const stock = await ask<{ _entities: Entity[] }>('inventory', `${entities} ... on Product { inStock shippingEstimate upc } } }`, { r: known._entities.map(({ upc, price, weight }) => ({ __typename: 'Product', upc, price, weight })) });
  return merged(users, topProducts, byUser._entities, reviews._entities, known._entities, stock._entities);
}

function merged(users: Entity[], top: Entity[], byUser: { reviews: ReviewRow[] }[], byProduct: { upc: string; reviews: ReviewRow[] }[], known: Entity[], stock: Entity[]) {
  const names = new Map(users.map((user) => [user['id'], user['name']]));
  const product = new Map(known.map((one, index) => [one['upc'], { inStock: stock[index]!['inStock'], name: one['name'], price: one['price'], shippingEstimate: stock[index]!['shippingEstimate'], upc: one['upc'], weight: one['weight'] }]));
  const withProduct = (review: ReviewRow) => ({ id: review['id'], body: review['body'], product: product.get(review.product!['upc']) });
  const reviewsOf = new Map(byProduct.map((one) => [one.upc, one.reviews.map((review) => {
    const author = review.author as { id: string; username: string; reviews: ReviewRow[] };
    return { id: review['id'], body: review['body'], author: { id: author.id, username: author.username, name: names.get(author.id), reviews: author.reviews.map(withProduct) } };
  })]));
  const deep = (review: ReviewRow) => ({ id: review['id'], body: review['body'], product: { ...product.get(review.product!['upc']), reviews: reviewsOf.get(review.product!['upc'] as string) } });
  return {
    users: users.map((user, index) => ({ id: user['id'], username: user['username'], name: user['name'], reviews: byUser[index]!.reviews.map(deep) })),
    topProducts: top.map((one) => ({ ...product.get(one['upc']), reviews: reviewsOf.get(one['upc'] as string) })),
  };
}

const app = Fastify();
app.post('/', async () => ({ data: await answer() }));
await app.listen({ host: '127.0.0.1', port: 0 });
const address = app.server.address();
process.stdout.write(`listening ${typeof address === 'object' ? address?.port : 0}\n`);
