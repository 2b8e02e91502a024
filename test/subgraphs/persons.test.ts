import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { globalId } from '../../subgraphs/globalId.ts';
import { resident, viewer } from '../policy/viewers.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { openWorld, orgs, plant, secret, township, type World } from './world.ts';

let db: TestDatabase;
let world: World;

const clerk = viewer({ org: orgs.centre, division: township, matterKey: 'a', matterNo: 'M-A' });
const references = { r: [{ __typename: 'Person', entityKey: 'e1' }] };
const person = (fields: string) => `query($r: [_Any!]!) { _entities(representations: $r) { ... on Person { ${fields} } } }`;

beforeAll(async () => {
  db = await testDatabase();
  world = await openWorld(db);
  const named = { name: secret.reporter, idNumber: secret.idNumber, idHmac: 'own', phone: secret.phone, entity: 'e1' };
  await plant(db, { rid: 'p1', department: 'police', matter: 'a', lead: orgs.police, assist: orgs.centre, person: named });
  await plant(db, { rid: 'h1', matter: 'a', basis: 'INFERRED', lead: orgs.bureau, person: { name: secret.hidden, phone: secret.phone, entity: 'e1' } });
  await db.pool.query(`UPDATE hub.record SET repairs = '[{"field":"bjrsfzh","kind":"ID_LOWER_X"}]' WHERE rid = 'p1'`);
  await grant('g1', 'a', orgs.centre, '批准');
  await grant('g2', 'b', orgs.centre, '批准');
  await grant('g3', 'a', orgs.centre, '受理');
});
afterAll(async () => {
  await world?.subgraphs.stop();
  await db.drop();
});

/** An application of the same person, as the connector leaves it. */
async function grant(rid: string, matter: string, lead: string, status: string): Promise<void> {
  await plant(db, { rid, matter, basis: 'EXPLICIT', lead, person: { name: secret.reporter, idHmac: 'own', entity: 'e1' } });
  await db.pool.query(`UPDATE hub.record SET department = 'civil', stream = 'jzsq', type_name = 'AssistanceApplication' WHERE rid = $1`, [rid]);
  await db.pool.query(`UPDATE hub.mention SET department = 'civil', role = 'APPLICANT' WHERE rid = $1`, [rid]);
  await db.pool.query(`INSERT INTO civil.application (rid, applied_on, status, assistance_kind, decided_on, monthly_amount_yuan, household_size) VALUES ($1, '2026-03-02', $2, '低保', '2026-03-20', 820.50, 2)`, [rid, status]);
}

describe('where what is known of a person comes from', () => {
  const query = person('provenance { department sourceSystem role sourceKey runId fetchedAt sourceUpdatedAt repairs { field kind } }');

  it('the centre is told of the records assigned to it, their key and repairs withheld; nothing of an inferred one', async () => {
    const { data } = await world.ask('registry', clerk, query, references);
    const [{ provenance }] = data['_entities'];
    expect(provenance).toContainEqual({ department: 'police', sourceSystem: 'police/jcj_jjd', role: 'REPORTER', sourceKey: null, runId: null, fetchedAt: expect.any(String), sourceUpdatedAt: expect.any(String), repairs: null });
    expect(provenance.map((one: { sourceSystem: string }) => one.sourceSystem)).not.toContain('hotline/tickets');
    expect(world.statements).toHaveLength(1);
  });

  it('the department that owns the record sees its key and its repairs', async () => {
    const officer = viewer({ org: orgs.police, department: 'POLICE', tier: 'COUNTY', division: '510107000000', matterKey: 'a', matterNo: 'M-A', purpose: 'MATTER_HANDLING' });
    const { data } = await world.ask('registry', officer, query, references);
    const { provenance } = data['_entities'][0];
    expect(provenance.find((one: { department: string }) => one.department === 'police')).toMatchObject({ sourceKey: 'p1', repairs: [{ field: 'bjrsfzh', kind: 'ID_LOWER_X' }] });
    expect(provenance.filter((one: { department: string; sourceKey: string | null }) => one.department === 'civil').map((one: { sourceKey: string | null }) => one.sourceKey)).toEqual([null, null]);
  });

  describe('repairs are the whole record\'s', () => {
    const told = async () => {
      const { data } = await world.ask('registry', resident(), '{ me { provenance { department repairs { field kind } } } }');
      return data['me'].provenance.find((one: { department: string }) => one.department === 'police');
    };

    it('the resident who filed it is told of them', async () => {
      expect(await told()).toEqual({ department: 'police', repairs: [{ field: 'bjrsfzh', kind: 'ID_LOWER_X' }] });
    });

    it.each([
      ['whom it names as the other party', `UPDATE hub.mention SET role = 'DEFENDANT' WHERE rid = 'p1'`, `UPDATE hub.mention SET role = 'REPORTER' WHERE rid = 'p1'`],
      ['of a case of violence at home', `UPDATE hub.record SET family_violence = true WHERE rid = 'p1'`, `UPDATE hub.record SET family_violence = false WHERE rid = 'p1'`],
    ])('the resident %s is not', async (_, change, back) => {
      await db.pool.query(change);
      try {
        expect(await told()).toEqual({ department: 'police', repairs: null });
      } finally {
        await db.pool.query(back);
      }
    });
  });

  it('without the matter in hand there is none, and an analyst never sees any', async () => {
    for (const who of [{ ...clerk, matterKey: null, matterNo: null }, { ...clerk, kind: 'ANALYST' as const }]) {
      const { data } = await world.ask('registry', who, query, references);
      expect(data['_entities'][0].provenance).toBeNull();
    }
  });
});

describe('the benefits of a person', () => {
  const query = person('entitlements { kind { code } decidedOn monthlyAmountYuan householdSize application { id } }');
  const first = { kind: { code: '低保' }, decidedOn: '2026-03-20', monthlyAmountYuan: '820.50', householdSize: 2, application: { id: globalId('AssistanceApplication', 'g1') } };

  it('whoever handles the application in this matter sees what was granted in it, and of no other matter', async () => {
    const { data } = await world.ask('civil', clerk, query, references);
    expect(data['_entities']).toEqual([{ entitlements: [first] }]);
    expect(world.statements).toHaveLength(2);
  });

  it('another organisation of the matter, a village and an analyst see none', async () => {
    for (const who of [{ ...clerk, org: orgs.bureau }, { ...clerk, tier: 'VILLAGE' as const, division: '510107001003' }, { ...clerk, kind: 'ANALYST' as const }]) {
      const { data } = await world.ask('civil', who, query, references);
      expect(data['_entities'][0]?.entitlements ?? null).toBeNull();
    }
  });

  it('a resident sees the own ones', async () => {
    const { data } = await world.ask('civil', resident(), query, { r: [{ __typename: 'Person', entityKey: 'self' }] });
    expect(data['_entities'][0].entitlements.map((one: { application: { id: string } }) => one.application.id)).toEqual([globalId('AssistanceApplication', 'g1'), globalId('AssistanceApplication', 'g2')]);
    const other = await world.ask('civil', resident({ idHmac: 'another' }), query, { r: [{ __typename: 'Person', entityKey: 'self' }] });
    expect(other.data['_entities']).toEqual([null]);
  });
});
