/**
 * A graph of the shape that the public gateways benchmark uses (graphql-hive/graphql-gateways-benchmark): users → reviews →
 * products → … over four subgraphs, with `@requires` and `@provides`. Its code and data are not copied; texts are ours.
 */
export interface Review {
  id: string;
  body: string;
  upc: string;
}

const names = ['Wei', 'Fang', 'Min', 'Jing', 'Lei', 'Yan'];
export const users = names.map((name, index) => ({ id: String(index + 1), name: `${name} Example`, username: name.toLowerCase(), birthday: 1_234_567_890 }));

const prices = [899, 1299, 15, 499, 1299, 6999, 3999, 100_000, 9999];
const weights = [100, 1000, 20, 100, 1000, 300, 2000, 6000, 800];
export const products = prices.map((price, index) => ({ upc: String(index + 1), name: `Product ${index + 1}`, price, weight: weights[index]!, inStock: [true, false, false, false, true, true, true, false, true][index]! }));

const sentence = 'the street lamp in front of the house has been dark for a week and nobody came to look at it although it was reported twice ';
const reviewedUpcs = ['1', '1', '1', '1', '2', '2', '2', '2', '3', '4', '4'];
export const reviews: readonly Review[] = reviewedUpcs.map((upc, index) => ({ id: String(index + 1), body: sentence.repeat(index === 10 ? 6 : 2 + (index % 3)), upc }));

export const subgraphSdl: Record<string, string> = {
  accounts: `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])
    type Query { me: User  user(id: ID!): User  users: [User] }
    type User @key(fields: "id") { id: ID!  name: String  username: String @shareable  birthday: Int }`,
  inventory: `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])
    type Product @key(fields: "upc") { upc: String!  weight: Int @external  price: Int @external  inStock: Boolean  shippingEstimate: Int @requires(fields: "price weight") }`,
  products: `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
    type Query { topProducts(first: Int = 5): [Product] }
    type Product @key(fields: "upc") { upc: String!  name: String  price: Int  weight: Int }`,
  reviews: `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@provides"])
    type Review @key(fields: "id") { id: ID!  body: String  product: Product  author: User @provides(fields: "username") }
    type User @key(fields: "id") { id: ID!  username: String @external  reviews: [Review] }
    type Product @key(fields: "upc") { upc: String!  reviews: [Review] }`,
};

export const query = `
  fragment U on User { id username name }
  fragment R on Review { id body }
  fragment P on Product { inStock name price shippingEstimate upc weight }
  query Bench {
    users { ...U reviews { ...R product { ...P reviews { ...R author { ...U reviews { ...R product { ...P } } } } } } }
    topProducts { ...P reviews { ...R author { ...U reviews { ...R product { ...P } } } } }
  }`;

export function shippingEstimate(price: number, weight: number): number {
  return price > 1000 ? 0 : Math.floor(weight / 2);
}

/** What the query must answer, made from the data without any gateway. */
export function expectedAnswer(): unknown {
  const user = (id: string) => {
    const { name, username } = users[Number(id) - 1]!;
    return { id, username, name };
  };
  const product = (upc: string) => {
    const { name, price, weight, inStock } = products[Number(upc) - 1]!;
    return { inStock, name, price, shippingEstimate: shippingEstimate(price, weight), upc, weight };
  };
  const authored = () => ({ ...user('1'), reviews: ofAuthor.map((one) => ({ id: one.id, body: one.body, product: product(one.upc) })) });
  const reviewed = (upc: string) => reviews.filter((one) => one.upc === upc).map((one) => ({ id: one.id, body: one.body, author: authored() }));
  return {
    users: users.map((one) => ({ ...user(one.id), reviews: ofAuthor.map((review) => ({ id: review.id, body: review.body, product: { ...product(review.upc), reviews: reviewed(review.upc) } })) })),
    topProducts: products.slice(0, 5).map((one) => ({ ...product(one.upc), reviews: reviewed(one.upc) })),
  };
}

/** Every review is by the first user, who wrote the first two. */
export const ofAuthor = reviews.slice(0, 2);
