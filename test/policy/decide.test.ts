import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { masks, type Classified, type FieldClass } from '../../policy/classes.ts';
import { openPolicy, policyFolder, type Decision, type Policy } from '../../policy/decide.ts';
import { purposeNames } from '../../policy/purposes.ts';
import type { RowAccess } from '../../policy/row.ts';
import { tiers, viewerKinds, type Viewer } from '../../policy/viewer.ts';
import { cellsOf, clerkMatrix } from './matrix.table.ts';
import { protectedRow, resident, row, viewer } from './viewers.ts';

const policy = openPolicy();

const relations: Record<string, Partial<RowAccess>> = {
  assist: { assigned: true },
  lead: { assigned: true, lead: true },
  own: { assigned: true, lead: true, owner: true },
  linked: { linked: true },
  dept: { owner: true, inJurisdiction: true },
  here: { inJurisdiction: true },
  none: {},
};

function field(as: string, changes: Partial<Classified> = {}): Classified {
  const mask = as === 'PERSONAL' ? 'NAME' : as === 'IDENTIFYING' ? 'ID_NUMBER' : null;
  return { coordinate: 'Any.field', class: as as FieldClass, mask, owner: null, link: false, ...changes };
}

function short(decision: Decision): string {
  return decision.effect === 'FULL' ? 'F' : decision.effect === 'MASKED' ? 'M' : decision.reason.code;
}

function at(cell: { purpose: string; tier: string }, changes: Partial<Viewer> = {}): Viewer {
  const none = <T>(text: string): T | null => (text === 'NONE' ? null : (text as T));
  return viewer({ purpose: none(cell.purpose), tier: none(cell.tier), ...changes });
}

const cells = cellsOf(clerkMatrix);
const personal = ['PERSONAL', 'IDENTIFYING', 'SENSITIVE'];

describe('the matrix of tier, purpose and relation', () => {
  it('is written down for every combination, once', () => {
    const keys = cells.map((cell) => `${cell.purpose} ${cell.tier} ${cell.relation} ${cell.class}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.length).toBe((purposeNames.length + 1) * (tiers.length + 1) * Object.keys(relations).length * 5);
  });

  it('holds for clerks on records of their matter', () => {
    const found = cells.map((cell) => ({ ...cell, expected: short(policy.decide(at(cell), field(cell.class), row(relations[cell.relation]))) }));
    expect(found).toEqual(cells);
  });

  // Neither CLASS, TIER nor NO_PURPOSE can be mended by opening a matter, so they stay the answer.
  it.each([
    ['without a matter', { matterKey: null }, {}],
    ['on a record outside the matter', {}, { inMatter: false }],
  ])('gives no person field %s', (_, viewerChanges, rowChanges) => {
    for (const cell of cells) {
      const stays = !personal.includes(cell.class) || ['CLASS', 'TIER', 'NO_PURPOSE'].includes(cell.expected);
      const decision = policy.decide(at(cell, viewerChanges), field(cell.class), row({ ...relations[cell.relation], ...rowChanges }));
      expect(short(decision), JSON.stringify(cell)).toBe(stays ? cell.expected : 'NO_MATTER');
    }
  });

  it('never gives analysts and service accounts a person field, and WORK as to clerks', () => {
    for (const kind of ['ANALYST', 'APP'] as const) {
      for (const cell of cells) {
        const expected = personal.includes(cell.class) ? 'KIND' : cell.expected;
        expect(short(policy.decide(at(cell, { kind }), field(cell.class), row(relations[cell.relation]))), JSON.stringify({ kind, ...cell })).toBe(expected);
      }
    }
  });

  it.each([
    ['ANONYMOUS', 'NONE'],
    ['OPERATOR', 'DATA_QUALITY'],
    ['AUDITOR', 'AUDIT'],
  ] as const)('opens no record to %s', (kind, purpose) => {
    for (const cell of cells) expect(short(policy.decide(at({ ...cell, purpose }, { kind }), field(cell.class), row(relations[cell.relation])))).toBe('KIND');
  });

  it('opens PUBLIC to everyone, whatever the row', () => {
    for (const kind of viewerKinds) expect(short(policy.decide(viewer({ kind, purpose: null, tier: null }), field('PUBLIC'), row({ respondent: true })))).toBe('F');
  });
});

describe('duties that are no department’s', () => {
  const outcomes = (owner: string, as: string, viewers: Record<string, Viewer>, rows: Partial<RowAccess>) =>
    Object.fromEntries(Object.entries(viewers).map(([name, one]) => [name, short(policy.decide(one, field(as, { owner, mask: null }), row({ ...rows, inMatter: false })))]));
  const clerk = (tier: Viewer['tier'], purpose: Viewer['purpose']) => viewer({ tier, purpose });

  it('statistics go to those who ask for them, in their jurisdiction', () => {
    const viewers = {
      village: clerk('VILLAGE', 'STATISTICS'),
      province: viewer({ kind: 'ANALYST', tier: 'PROVINCE', purpose: 'STATISTICS' }),
      provinceSupervising: viewer({ kind: 'ANALYST', tier: 'PROVINCE', purpose: 'SUPERVISION' }),
      app: viewer({ kind: 'APP', tier: 'CITY', purpose: 'SUPERVISION' }),
      handling: clerk('COUNTY', 'MATTER_HANDLING'),
      operator: viewer({ kind: 'OPERATOR', purpose: 'DATA_QUALITY' }),
      resident: resident(),
    };
    expect(outcomes('STATISTICS', 'WORK', viewers, { inJurisdiction: true })).toEqual({ village: 'F', province: 'F', provinceSupervising: 'F', app: 'F', handling: 'CLASS', operator: 'KIND', resident: 'KIND' });
    expect(outcomes('STATISTICS', 'WORK', { village: viewers.village, province: viewers.province }, {})).toEqual({ village: 'OUT_OF_JURISDICTION', province: 'OUT_OF_JURISDICTION' });
  });

  it('statistics on sensitive topics begin at the county', () => {
    const viewers = Object.fromEntries(tiers.map((tier) => [tier, viewer({ kind: 'ANALYST', tier, purpose: 'STATISTICS' })]));
    expect(outcomes('STATISTICS', 'SENSITIVE', viewers, { inJurisdiction: true })).toEqual({ VILLAGE: 'TIER', TOWNSHIP: 'TIER', COUNTY: 'F', CITY: 'F', PROVINCE: 'F' });
  });

  it('runs and quarantine go to operators, linkage to the department that owns the records', () => {
    const viewers = { operator: viewer({ kind: 'OPERATOR', purpose: 'DATA_QUALITY' }), idle: viewer({ kind: 'OPERATOR', purpose: null }), clerk: clerk('COUNTY', 'MATTER_HANDLING'), auditor: viewer({ kind: 'AUDITOR', purpose: 'AUDIT' }) };
    expect(outcomes('OPERATIONS', 'WORK', viewers, {})).toEqual({ operator: 'F', idle: 'NO_PURPOSE', clerk: 'KIND', auditor: 'KIND' });
    expect(outcomes('DATA', 'WORK', viewers, { owner: true })).toEqual({ operator: 'F', idle: 'NO_PURPOSE', clerk: 'F', auditor: 'KIND' });
  });

  it('the access log goes to auditors, what a resident may know of it to the resident', () => {
    const viewers = { auditor: viewer({ kind: 'AUDITOR', purpose: 'AUDIT' }), operator: viewer({ kind: 'OPERATOR', purpose: 'DATA_QUALITY' }), clerk: clerk('COUNTY', 'AUDIT'), resident: resident() };
    expect(outcomes('AUDIT', 'WORK', viewers, { self: true })).toEqual({ auditor: 'F', operator: 'KIND', clerk: 'KIND', resident: 'KIND' });
    expect(outcomes('SELF', 'WORK', viewers, { self: true })).toEqual({ auditor: 'KIND', operator: 'KIND', clerk: 'KIND', resident: 'F' });
  });
});

describe('a resident', () => {
  it.each([
    ['own', { self: true, involved: true }, { WORK: 'F', PERSONAL: 'F', IDENTIFYING: 'F', SENSITIVE: 'F', RESTRICTED: 'CLASS' }],
    ['a record that names them', { involved: true }, { WORK: 'F', PERSONAL: 'NOT_ASSIGNED', IDENTIFYING: 'NOT_ASSIGNED', SENSITIVE: 'NOT_ASSIGNED', RESTRICTED: 'CLASS' }],
    ['anything else', { inJurisdiction: true, linked: true, inMatter: true }, { WORK: 'NOT_ASSIGNED', PERSONAL: 'NOT_ASSIGNED', IDENTIFYING: 'NOT_ASSIGNED', SENSITIVE: 'NOT_ASSIGNED', RESTRICTED: 'CLASS' }],
  ])('reading %s', (_, relation, expected) => {
    const found = Object.fromEntries(Object.keys(expected).map((name) => [name, short(policy.decide(resident(), field(name), row({ inMatter: false, ...relation })))]));
    expect(found).toEqual(expected);
  });

  it('reads nothing of theirs under another purpose', () => {
    expect(short(policy.decide(resident({ purpose: 'MATTER_HANDLING' }), field('PERSONAL'), row({ self: true, assigned: true })))).not.toBe('F');
  });
});

describe('conditions on the row beat every permit', () => {
  const clerk = viewer();
  const intake = viewer({ department: 'HOTLINE' });
  const village = viewer({ tier: 'VILLAGE' });
  const requester = { mention: { mentionId: 'm', role: 'REQUESTER' } };
  const defendant = { mention: { mentionId: 'm', role: 'DEFENDANT' } };
  const mine = { self: true, involved: true, inMatter: false };
  const all = { assigned: true, linked: true, lead: true, inJurisdiction: true };
  const P = 'ROW_PROTECTED';

  it.each<[string, Viewer, RowAccess, Record<string, string>]>([
    ['C1 the respondent', clerk, row({ ...all, respondent: true }), { WORK: P, NAME: P, PHONE: P, ID_NUMBER: P, TEXT: P, ADDRESS: P }],
    ['C2 an assigned clerk, the requester', clerk, protectedRow('confidential', { ...all, ...requester }), { NAME: P, PHONE: P, ID_NUMBER: P, BIRTH_DATE: P, ADDRESS: P }],
    ['C2 an assigned clerk, another party', clerk, protectedRow('confidential', { ...all, ...defendant }), { NAME: 'F', PHONE: 'F', ID_NUMBER: 'M' }],
    ['C2 an assigned clerk, the record', clerk, protectedRow('confidential', all), { WORK: 'F', LINK: P, NAME: P, TEXT: P, ADDRESS: 'M' }],
    ['C2 an unknown role counts as the requester', clerk, protectedRow('confidential', { ...all, mention: { mentionId: 'm', role: 'NEIGHBOUR' } }), { NAME: P }],
    ['C2 the intake department', intake, protectedRow('confidential', { ...all, owner: true, ...requester }), { NAME: 'F', PHONE: 'F', ID_NUMBER: 'F' }],
    ['C2 the requester themselves', resident(), protectedRow('confidential', { ...mine, ...requester }), { NAME: 'F', PHONE: 'F', ID_NUMBER: 'F' }],
    ['C3 an assigned clerk', clerk, protectedRow('minor', { ...all, ...requester }), { WORK: 'F', NAME: P, ADDRESS: P, TEXT: P, PHONE: 'F', ID_NUMBER: 'M' }],
    ['C3 the owning department', intake, protectedRow('minor', { ...all, owner: true, ...requester }), { NAME: P, ADDRESS: P }],
    ['C3 the person themselves', resident(), protectedRow('minor', { ...mine, ...requester }), { NAME: 'F', ADDRESS: 'F' }],
    ['C4 village tier', village, protectedRow('familyViolence', { ...all, ...requester }), { WORK: 'F', NAME: 'F', PHONE: P, TEXT: P }],
    ['C4 township tier', clerk, protectedRow('familyViolence', { ...all, ...requester }), { NAME: 'F', PHONE: 'F', ADDRESS: 'M' }],
    ['C4 a party, the record', resident(), protectedRow('familyViolence', mine), { WORK: 'F', PHONE: P, ADDRESS: P, COORDINATES: P, TEXT: P }],
    ['C4 a party, about themselves', resident(), protectedRow('familyViolence', { ...mine, ...requester }), { PHONE: 'F', ADDRESS: 'F' }],
    ['C5 an assigned clerk', clerk, protectedRow('pastRetention', { ...all, ...requester }), { WORK: 'F', NAME: 'M', PHONE: 'M', ID_NUMBER: 'M', TEXT: P }],
    ['C5 the owning department', intake, protectedRow('pastRetention', { ...all, owner: true, ...requester }), { ID_NUMBER: 'M' }],
  ])('%s', (_, one, protectedOne, expected) => {
    expect(Object.fromEntries(Object.keys(expected).map((name) => [name, short(policy.decide(one, valued(name), protectedOne))]))).toEqual(expected);
  });

  it('is told as ROW_PROTECTED, the same whichever condition it was', () => {
    const told = (['confidential', 'minor'] as const).map((name) => policy.decide(clerk, valued('NAME'), protectedRow(name, { ...all, ...requester })));
    expect(told[0]).toEqual(told[1]);
    expect(told[0]).toEqual(policy.decide(clerk, valued('NAME'), row({ ...all, respondent: true })));
  });

  it('is not told to whom the value is closed anyway', () => {
    const open = policy.decide(clerk, valued('NAME'), row(requester));
    for (const name of ['confidential', 'minor', 'familyViolence', 'pastRetention'] as const) expect(policy.decide(clerk, valued('NAME'), protectedRow(name, requester))).toEqual(open);
    expect(short(open)).toBe('NOT_ASSIGNED');
  });
});

function valued(name: string): Classified {
  if (name === 'WORK') return field('WORK');
  const identifying = ['ID_NUMBER', 'BIRTH_DATE', 'ADDRESS', 'COORDINATES'].includes(name);
  return field(identifying ? 'IDENTIFYING' : 'PERSONAL', name === 'LINK' ? { mask: null, link: true } : { mask: name as Classified['mask'] });
}

describe('for every viewer, field and row', () => {
  const anyViewer = fc.record({
    kind: fc.constantFrom(...viewerKinds),
    tier: fc.constantFrom(...tiers, null),
    purpose: fc.constantFrom(...purposeNames, null),
    matterKey: fc.constantFrom('matter-1', null),
    department: fc.constantFrom('HOTLINE', 'POLICE', null),
    idHmac: fc.constantFrom('own', null),
  });
  const anyField = fc.record({
    class: fc.constantFrom<FieldClass>('WORK', 'PERSONAL', 'IDENTIFYING', 'SENSITIVE', 'RESTRICTED'),
    mask: fc.constantFrom(...masks, null),
    owner: fc.constantFrom('STATISTICS', 'DATA', 'AUDIT', 'SELF', 'HOTLINE', null),
    link: fc.boolean(),
  });
  const flag = fc.boolean();
  const anyRow = fc.record({
    assigned: flag, lead: flag, inJurisdiction: flag, owner: flag, self: flag, involved: flag, respondent: flag, inMatter: flag, linked: flag,
    protections: fc.record({ confidential: flag, minor: flag, familyViolence: flag, pastRetention: flag }),
    mention: fc.option(fc.record({ mentionId: fc.constant('m'), role: fc.constantFrom('REQUESTER', 'DEFENDANT') }), { nil: undefined }),
  });
  const rank = { WITHHELD: 0, MASKED: 1, FULL: 2 };
  // A viewer has only the relations that their token makes possible.
  const possible = (one: Viewer, found: RowAccess): RowAccess => ({
    ...found,
    inMatter: found.inMatter && one.matterKey !== null,
    self: found.self && one.idHmac !== null,
    involved: found.involved && one.idHmac !== null,
    owner: found.owner && one.department !== null,
  });

  it('no row gives more than `best`, so that pruning by it takes nothing away', () => {
    fc.assert(
      fc.property(anyViewer, anyField, anyRow, (v, f, r) => {
        const [one, asked, found] = [viewer(v), { ...field('WORK'), ...f }, { ...row(), ...r }];
        expect(rank[policy.decide(one, asked, possible(one, found)).effect]).toBeLessThanOrEqual(rank[policy.best(one, asked).effect]);
      }),
      { numRuns: 400 },
    );
  });

  it('a protection never opens anything', () => {
    fc.assert(
      fc.property(anyViewer, anyField, anyRow, (v, f, r) => {
        const [one, asked, found] = [viewer(v), { ...field('WORK'), ...f }, { ...row(), ...r }];
        const bare = { ...found, respondent: false, protections: { confidential: false, minor: false, familyViolence: false, pastRetention: false } };
        expect(rank[policy.decide(one, asked, found).effect]).toBeLessThanOrEqual(rank[policy.decide(one, asked, bare).effect]);
      }),
      { numRuns: 400 },
    );
  });

  it('an outside viewer, a person class: never without a matter or the resident’s own', () => {
    fc.assert(
      fc.property(anyViewer, anyField, anyRow, (v, f, r) => {
        const decision = policy.decide(viewer(v), { ...field('WORK'), ...f }, { ...row(), ...r });
        if (decision.effect === 'WITHHELD' || !personal.includes(f.class) || ['STATISTICS', 'DATA', 'AUDIT', 'SELF'].includes(f.owner ?? '')) return;
        expect((v.kind === 'CLERK' && v.matterKey !== null && r.inMatter) || (v.kind === 'RESIDENT' && r.self)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });
});

describe('loading', () => {
  const copy = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'policy-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    cpSync(policyFolder, folder, { recursive: true, filter: (file) => !file.endsWith('.ts') });
    return folder;
  };
  const edit = (folder: string, name: string, change: (text: string) => string) => writeFileSync(join(folder, name), change(readFileSync(join(folder, name), 'utf8')));
  const opensWork = (one: Policy) => short(one.decide(viewer(), field('WORK'), row({ assigned: true })));

  it('keeps the last good rules when a reload fails, and takes good ones', () => {
    const folder = copy();
    const one = openPolicy({ folder });
    const before = one.version;
    edit(folder, 'tiers.cedar', (text) => text.replace('Tier::"VILLAGE"', 'Tier::"VILAGE"'));
    expect(one.reload()).toMatchObject({ loaded: false, version: before });
    expect(opensWork(one)).toBe('F');
    edit(folder, 'tiers.cedar', (text) => text.replace('Tier::"VILAGE"', 'Tier::"VILLAGE"'));
    edit(folder, 'assignment.cedar', (text) => `${text}\n@id("work.stop") @code("CLASS") @reason_zh("停") @reason_en("stopped") @basis("无")\nforbid (principal, action, resource) when { resource.class == Class::"WORK" };\n`);
    expect(one.reload().loaded).toBe(true);
    expect(one.version).not.toBe(before);
    expect(opensWork(one)).toBe('CLASS');
  });

  it.each([
    ['a file that does not parse', (text: string) => text.replace('permit', 'permits')],
    ['a rule without a basis', (text: string) => text.replace(/@basis\([^)]*\)\n/, '')],
    ['an id used twice', (text: string) => text.replace('@id("work.linked")', '@id("work.assigned")')],
    ['an attribute the schema does not know', (text: string) => text.replace('context.linked', 'context.connected')],
  ])('gives PUBLIC and nothing else for %s', (_, change) => {
    const folder = copy();
    edit(folder, 'assignment.cedar', change);
    const one = openPolicy({ folder });
    expect(one.version).toBe('none');
    expect(opensWork(one)).toBe('CLASS');
    expect(one.best(viewer(), field('WORK')).effect).toBe('WITHHELD');
    expect(short(one.decide(viewer(), field('PUBLIC'), row()))).toBe('F');
  });

  it('gives every rule an id, reasons in both languages and a legal basis; every refusal a code', () => {
    expect(policy.rules.size).toBeGreaterThan(40);
    for (const rule of policy.rules.values()) {
      expect(rule.zh, rule.id).toMatch(/\p{Script=Han}/u);
      expect(rule.en, rule.id).toMatch(/[a-z]/);
      if (rule.effect === 'forbid' && rule.file !== 'rows.cedar') expect(rule.code, rule.id).not.toBeNull();
    }
  });
});
