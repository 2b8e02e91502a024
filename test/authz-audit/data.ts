import type { SubgraphName } from './subgraphs.ts';

/** A secret of the data begins so: it stands in no answer to a caller who may not read it. */
export const secretMark = 'SECRET';

const lin: Record<string, unknown> = {
  ssn: 'SECRET-1',
  name: 'Lin',
  salary: 'SECRET salary',
  bonus: 'SECRET bonus',
  points: 7001,
  grade: 'SECRET_A',
  badge: 'SECRET badge',
  vaults: [{ code: 'SECRET code' }],
  favourite: { __typename: 'Gem', label: 'SECRET gem' },
};
lin['friend'] = lin;

const works = [
  { __typename: 'Novel', id: 'n1', title: 'SECRET novel', stars: 5 },
  { __typename: 'Song', id: 's1', title: 'song', stars: 4 },
];
const rows = [{ open: 'open', secret: 'SECRET row' }];

/** Everybody who asks is given everything: what may not be read is the gateway's to refuse. */
export function resolvers(changes: string[]): Record<SubgraphName, Record<string, unknown>> {
  const ran = (name: string, value: unknown) => () => {
    changes.push(name);
    return value;
  };
  const abstract = { __resolveType: ({ __typename }: { __typename: string }) => __typename };
  const work = ({ id }: { id: string }) => works.find((one) => one.id === id) ?? null;
  return {
    people: {
      Query: {
        me: () => lin,
        users: () => [lin],
        vault: () => ({ code: 'SECRET code' }),
        purse: () => ({ label: 'SECRET label', coins: 'SECRET coins' }),
        account: () => ({ owner: 'Lin', balance: 7002 }),
        rows: () => rows,
        maybeRows: () => [...rows, null],
        wrap: () => ({ name: 'wrap', rows }),
        room: () => ({ code: 'SECRET room', name: 'hall' }),
        echo: (_: unknown, { text }: { text: string }) => text,
      },
      Mutation: { erase: ran('erase', lin), rename: ran('rename', lin), promote: ran('promote', lin), reward: ran('reward', { code: 'SECRET code' }) },
      User: { __resolveReference: () => lin },
      Room: { __resolveReference: () => ({ code: 'SECRET room', name: 'hall' }) },
      Thing: abstract,
    },
    library: {
      Query: {
        media: () => [{ __typename: 'Book', title: 'SECRET book' }, { __typename: 'Film', title: 'film' }],
        notes: () => [{ __typename: 'Memo', text: 'SECRET memo' }],
        leaves: () => [{ __typename: 'SealedLeaf', text: 'SECRET leaf' }, { __typename: 'OpenLeaf', text: 'leaf' }],
        found: () => [{ __typename: 'Film', title: 'film' }, { __typename: 'Diary', page: 'SECRET page' }],
        diaries: () => [{ __typename: 'Letter', body: 'SECRET letter' }],
        works: () => works,
      },
      Work: { ...abstract, __resolveReference: work },
      Novel: { __resolveReference: work },
      Song: { __resolveReference: work },
      Media: abstract,
      Note: abstract,
      Leaf: abstract,
      Found: abstract,
      Hidden: abstract,
    },
    reviews: { Query: { best: () => works[0] }, Work: { __resolveReference: work } },
    office: {
      User: { __resolveReference: (told: object) => ({ ...told, mail: 'lin@example.test', points: 7001 }), tax: ({ salary }: { salary?: string }) => `tax from ${salary}` },
      Room: { __resolveReference: (told: object) => ({ ...told, floor: 3 }) },
    },
    desk: {
      User: {
        __resolveReference: (told: object) => told,
        advice: ({ tax }: { tax?: string }) => `advice from ${tax}`,
        inventory: ({ vaults }: { vaults?: { code: string }[] }) => `inventory of ${vaults?.map(({ code }) => code).join()}`,
        motto: ({ favourite }: { favourite?: { label: string } }) => `motto on ${favourite?.label}`,
      },
      Thing: abstract,
    },
  };
}
