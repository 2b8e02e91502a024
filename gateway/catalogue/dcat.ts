import type { BothLanguages, DatasetField, NeverStored, Sharing } from '../../connectors/catalogue.ts';
import type { FreshDataset } from './fresh-dataset.ts';

/**
 * The catalogue as JSON-LD in DCAT 3 (W3C Recommendation of 22 August 2024). The context stands in the document: no reader
 * fetches anything. What DCAT has no word for is said in PROV-O (lineage), CSV on the Web (columns) and few terms of our own.
 */
export function dcatCatalogue(datasets: readonly FreshDataset[]): object {
  return {
    '@context': context,
    '@id': '#catalogue',
    '@type': 'dcat:Catalog',
    'dct:title': text({ zh: '一网数据目录', en: 'Data catalogue of yiwang' }),
    'dct:description': text({ zh: '各部门接入的数据集：字段、密级、共享属性、保存期限与血缘。不含任何记录。', en: 'The data sets that departments connect: fields, classes, sharing, retention and lineage. It holds no record.' }),
    'dct:publisher': { '@id': '#hub', '@type': 'foaf:Agent', 'foaf:name': text({ zh: '一网', en: 'yiwang' }) },
    'dct:language': languages,
    'dct:conformsTo': { '@id': 'https://www.w3.org/TR/vocab-dcat-3/', '@type': 'dct:Standard' },
    'foaf:homepage': { '@id': '/catalog' },
    'dcat:service': service(datasets),
    'dcat:dataset': datasets.map(dataset),
  };
}

const context = {
  dcat: 'http://www.w3.org/ns/dcat#',
  dct: 'http://purl.org/dc/terms/',
  foaf: 'http://xmlns.com/foaf/0.1/',
  prov: 'http://www.w3.org/ns/prov#',
  csvw: 'http://www.w3.org/ns/csvw#',
  skos: 'http://www.w3.org/2004/02/skos/core#',
  rdfs: 'http://www.w3.org/2000/01/rdf-schema#',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
  yw: 'https://yiwang.example/catalogue#',
};

const languages = ['zh', 'en'].map((code) => ({ '@id': `http://id.loc.gov/vocabulary/iso639-1/${code}`, '@type': 'dct:LinguisticSystem' }));
const serviceId = '#graphql';

function service(datasets: readonly FreshDataset[]): object {
  return {
    '@id': serviceId,
    '@type': 'dcat:DataService',
    'dct:title': text({ zh: 'GraphQL 接口', en: 'GraphQL endpoint' }),
    'dcat:endpointURL': { '@id': '/graphql' },
    'dct:conformsTo': { '@id': 'https://spec.graphql.org/October2021/', '@type': 'dct:Standard' },
    'dcat:servesDataset': datasets.filter(isServed).map((one) => ({ '@id': datasetId(one) })),
  };
}

function dataset(one: FreshDataset): object {
  return {
    '@id': datasetId(one),
    '@type': 'dcat:Dataset',
    'dct:identifier': one.id,
    'dct:title': text(one.title),
    ...(one.description === null ? {} : { 'dct:description': text(one.description) }),
    'dct:publisher': { '@id': `#department/${one.department}`, '@type': 'foaf:Organization', 'foaf:name': text(one.steward) },
    'dct:accessRights': { '@id': accessRights[one.sharing], '@type': 'dct:RightsStatement', 'skos:prefLabel': text(sharingNames[one.sharing]) },
    'dct:accrualPeriodicity': frequency(one.schedule.everySeconds),
    ...(one.freshThrough === null ? {} : { 'dct:modified': { '@value': one.freshThrough, '@type': 'xsd:dateTime' } }),
    'dct:language': languages,
    'dct:conformsTo': { '@id': `${datasetId(one)}/schema`, '@type': ['dct:Standard', 'csvw:Schema'], 'csvw:column': one.fields.map((field) => column(one, field)) },
    'dct:provenance': { '@type': 'dct:ProvenanceStatement', 'rdfs:label': text({ zh: `依据：${one.legalBasis.zh}`, en: `Legal basis: ${one.legalBasis.en}` }) },
    'prov:wasDerivedFrom': { '@id': sourceId(one), '@type': 'prov:Entity', 'yw:sourceKind': one.sourceKind, 'prov:wasAttributedTo': { '@id': `#department/${one.department}` } },
    'yw:retention': { 'yw:years': one.retention.years, 'yw:maskedYears': one.retention.maskedYears, 'yw:basis': text(one.retention.basis) },
    'yw:neverStored': one.neverStored.map(never),
    ...(isServed(one) ? { 'dcat:distribution': distribution(one) } : {}),
  };
}

function distribution(one: FreshDataset): object {
  return {
    '@id': `${datasetId(one)}/graphql`,
    '@type': 'dcat:Distribution',
    'dct:title': text({ zh: `${one.title.zh}（GraphQL）`, en: `${one.title.en} (GraphQL)` }),
    'dcat:accessURL': { '@id': '/graphql' },
    'dcat:accessService': { '@id': serviceId },
    'dcat:mediaType': { '@id': 'https://www.iana.org/assignments/media-types/application/json' },
    ...(one.recordType === null ? {} : { 'yw:recordType': one.recordType }),
  };
}

function column(one: FreshDataset, field: DatasetField): object {
  return {
    '@type': 'csvw:Column',
    'csvw:name': field.name,
    'csvw:required': field.required,
    ...(field.title === null ? {} : { 'csvw:title': text(field.title) }),
    'yw:class': field.class,
    'yw:sharing': field.sharing,
    'yw:schemaField': field.schemaFields,
    ...(field.codeSystem === null ? {} : { 'dct:conformsTo': { '@type': ['dct:Standard', 'skos:ConceptScheme'], 'dct:identifier': field.codeSystem, ...(field.values.length > 0 ? { 'skos:notation': field.values } : {}) } }),
    'prov:qualifiedDerivation': field.lineage.map((step) => ({
      '@type': 'prov:Derivation',
      'prov:entity': step.reads.map((name) => ({ '@id': `${sourceId(one)}/column/${encodeURIComponent(name)}` })),
      'prov:hadActivity': { '@type': 'prov:Activity', 'rdfs:label': step.repair },
      'yw:target': step.target,
    })),
  };
}

function never({ field, rule, when }: NeverStored): object {
  return { 'yw:field': field ?? '*', ...(rule === null ? {} : { 'yw:rule': rule }), ...(when === null ? {} : { 'yw:when': when }) };
}

function datasetId({ id }: FreshDataset): string {
  return `#dataset/${id}`;
}

/** Within a fragment already, so that what is below it has no other `#` (RFC 3987, 2.2). */
function sourceId(one: FreshDataset): string {
  return `${datasetId(one)}/source`;
}

/** Nothing is served of a data set that shows nothing to anybody. */
function isServed({ sharing }: FreshDataset): boolean {
  return sharing !== 'NOT_SHARED';
}

function text({ zh, en }: BothLanguages): object[] {
  return [{ '@value': zh, '@language': 'zh' }, { '@value': en, '@language': 'en' }];
}

const rights = 'http://publications.europa.eu/resource/authority/access-right';
const accessRights: Record<Sharing, string> = { UNCONDITIONAL: `${rights}/PUBLIC`, CONDITIONAL: `${rights}/RESTRICTED`, NOT_SHARED: `${rights}/NON_PUBLIC` };

export const sharingNames: Record<Sharing, BothLanguages> = {
  UNCONDITIONAL: { zh: '无条件共享', en: 'shared without conditions' },
  CONDITIONAL: { zh: '有条件共享', en: 'shared under conditions' },
  NOT_SHARED: { zh: '不予共享', en: 'not shared' },
};

/** The codes of the authority table for frequencies; another interval is a frequency without a name. */
function frequency(everySeconds: number): object {
  const code = frequencies[everySeconds];
  const minutes = everySeconds / 60;
  return { ...(code === undefined ? {} : { '@id': `http://publications.europa.eu/resource/authority/frequency/${code}` }), '@type': 'dct:Frequency', 'rdfs:label': text({ zh: `每 ${minutes} 分钟`, en: `every ${minutes} minutes` }) };
}

const frequencies: Readonly<Record<number, string>> = { 60: '1MIN', 300: '5MIN', 600: '10MIN', 900: '15MIN', 1800: '30MIN', 3600: 'HOURLY', 86_400: 'DAILY', 604_800: 'WEEKLY' };
