/** Two subgraphs with every rule that the cases ask about, and their data. `@scoped` is `@requiresScopes`, renamed. */
const head = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires", "@inaccessible", "@authenticated", "@policy", { name: "@requiresScopes", as: "@scoped" }])';

export interface AuditSubgraph {
  sdl: string;
  resolvers: Record<string, unknown>;
}

const user = { ssn: 'SECRET-1', name: 'Lin', salary: 'SECRET salary', bonus: 'SECRET bonus', grade: 'A', badge: 'SECRET badge', vaults: [{ code: 'SECRET code' }] };

export const graph: Record<string, AuditSubgraph> = {
  people: {
    sdl: `${head}
      type Query { me: User vault: Vault media: [Media!] notes: [Note] found: [Found!] account: Account echo(text: String): String }
      type Mutation { erase: User @authenticated }
      type User @key(fields: "ssn") {
        ssn: ID! @policy(policies: [["nobody"]])
        name: String
        salary: String @authenticated
        bonus: String @scoped(scopes: [["read:pay", "read:all"], ["admin"]])
        grade: Grade
        badge: Badge
        vaults: [Vault]
      }
      type Vault @policy(policies: [["keeper"]]) { code: String }
      enum Grade @authenticated { A B }
      scalar Badge @authenticated
      interface Media { title: String }
      type Book implements Media { title: String @authenticated }
      type Film implements Media { title: String }
      interface Note { text: String }
      type Memo implements Note @authenticated { text: String }
      type Diary { page: String @authenticated }
      union Found = Film | Diary
      type Account { owner: String balance: Int! @authenticated }`,
    resolvers: {
      Query: { me: () => user, vault: () => ({ code: 'SECRET code' }), media: () => [{ __typename: 'Book', title: 'SECRET book' }, { __typename: 'Film', title: 'film' }], notes: () => [{ __typename: 'Memo', text: 'SECRET memo' }], found: () => [{ __typename: 'Film', title: 'film' }, { __typename: 'Diary', page: 'SECRET page' }], account: () => ({ owner: 'Lin', balance: 7 }), echo: (_: unknown, { text }: { text: string }) => text },
      Mutation: { erase: () => user },
      User: { __resolveReference: () => user },
    },
  },
  office: {
    sdl: `${head}
      type User @key(fields: "ssn") {
        ssn: ID! @policy(policies: [["nobody"]])
        mail: String
        salary: String @external
        tax: String @requires(fields: "salary") @authenticated
      }`,
    resolvers: { User: { __resolveReference: (told: object) => ({ ...told, mail: 'lin@example.test' }), tax: ({ salary }: { salary?: string }) => `tax from ${salary}` } },
  },
  desk: {
    sdl: `${head}
      type User @key(fields: "ssn") { ssn: ID! @policy(policies: [["nobody"]]) tax: String @external advice: String @requires(fields: "tax") @authenticated }`,
    resolvers: { User: { __resolveReference: (told: object) => told, advice: ({ tax }: { tax?: string }) => `advice from ${tax}` } },
  },
};
