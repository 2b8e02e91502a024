import { isIntrospectionType, isObjectType, type GraphQLField, type GraphQLSchema } from 'graphql';
import { classificationOfField, type Classified, type FieldClass } from './classes.ts';
import type { Decision, Policy, ReasonCode } from './decide.ts';
import { purposeNames, type Purpose } from './purposes.ts';
import { tiers, type Tier, type Viewer, type ViewerKind } from './viewer.ts';

/** The most that a kind of caller of a tier can see of a field for a purpose, with the matter named. */
export interface PolicyRow {
  coordinate: string;
  class: FieldClass;
  kind: ViewerKind;
  tier: Tier | null;
  purpose: Purpose | null;
  effect: Decision['effect'];
  policy: string;
  reason: ReasonCode;
  basis: string;
}

export interface MatrixOptions {
  supergraphSchema: GraphQLSchema;
  policy: Policy;
  kind?: ViewerKind;
  tier?: Tier;
  purpose?: Purpose;
  /** Only the fields of this type. */
  type?: string;
}

/** Tier × purpose × field. Public fields are the same for everybody and stand apart: they are left out. */
export function policyMatrix(options: MatrixOptions): PolicyRow[] {
  const fields = classifiedFields(options.supergraphSchema).filter((field) => field.class !== 'PUBLIC' && (options.type === undefined || field.coordinate.startsWith(`${options.type}.`)));
  return callers(options).flatMap((viewer) =>
    fields.map((field) => {
      const { effect, policy, reason, basis } = options.policy.best(viewer, field);
      return { coordinate: field.coordinate, class: field.class, kind: viewer.kind, tier: viewer.tier, purpose: viewer.purpose, effect, policy, reason: reason.code, basis };
    }),
  );
}

/** Every classified field of the schema's object types, in the order of the schema. */
export function classifiedFields(schema: GraphQLSchema): Classified[] {
  return Object.values(schema.getTypeMap()).flatMap((type) => {
    if (!isObjectType(type) || isIntrospectionType(type)) return [];
    return Object.values(type.getFields()).flatMap((field) => classificationOfField(schema, type.name, field as GraphQLField<unknown, unknown>) ?? []);
  });
}

/** One caller of each kind, tier and purpose that the options leave; kinds without a tier have one purpose that is theirs. */
export function callers(options: Pick<MatrixOptions, 'kind' | 'tier' | 'purpose'>): Viewer[] {
  const kinds: ViewerKind[] = options.kind ? [options.kind] : ['CLERK', 'ANALYST', 'APP', 'RESIDENT', 'OPERATOR', 'AUDITOR', 'ANONYMOUS'];
  return kinds.flatMap((kind) => {
    const ofKind = ownPurpose[kind];
    const purposes = ofKind === undefined ? purposeNames : [ofKind];
    const ofTier: (Tier | null)[] = ofKind === undefined ? [...tiers] : [null];
    return ofTier
      .filter((tier) => options.tier === undefined || tier === options.tier)
      .flatMap((tier) => purposes.filter((purpose) => options.purpose === undefined || purpose === options.purpose).map((purpose) => exampleViewer({ kind, tier, purpose })));
  });
}

/** A caller of a class, with everything that could favour them: for `best` only, which reads no record. */
export function exampleViewer({ kind, tier, purpose, department = 'ANY', withMatter = true }: { kind: ViewerKind; tier: Tier | null; purpose: Purpose | null; department?: string | null; withMatter?: boolean }): Viewer {
  const isResident = kind === 'RESIDENT';
  const place = isResident || kind === 'ANONYMOUS' ? { org: null, department: null, division: null } : { org: 'example', department, division: '000000000000' };
  const matter = withMatter && !isResident ? { matterKey: 'example', matterNo: 'example' } : { matterKey: null, matterNo: null };
  return { kind, sub: 'example', clientId: 'example', ...place, tier, purpose, ...matter, idHmac: isResident ? 'example' : null, policyVersion: '', traceId: '' };
}

const ownPurpose: Partial<Record<ViewerKind, Purpose | null>> = { RESIDENT: 'SUBJECT_ACCESS', OPERATOR: 'DATA_QUALITY', AUDITOR: 'AUDIT', ANONYMOUS: null };
