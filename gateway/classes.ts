import { buildASTSchema, isIntrospectionType, isObjectType, parse, type ConstDirectiveNode, type DefinitionNode, type GraphQLSchema } from 'graphql';
import { YiwangError } from '../base/errors.ts';
import { classificationIn, classifiedDirective, classifiedUrl, fieldClasses, type Classified } from '../policy/classes.ts';
import { derivedFields } from '../policy/derived.ts';
import { importedAs } from '../policy/federation/links.ts';

/** Schema coordinate → classification: `Type.field`, `Type.field(argument:)`, `Input.field`. */
export type Classes = ReadonlyMap<string, Classified>;

/**
 * Reads every `@classified` of a supergraph. One that imports the directive under another name is refused: its fields
 * would look unclassified to one reader and classified to another (threats.md, 4). Where several subgraphs classified the
 * same field differently, the strictest holds; and a field made from stricter ones is as strict as they are
 * (threats.md, 5), whatever it says of itself.
 */
export function readClasses(supergraphSdl: string): Classes {
  const document = parse(supergraphSdl, { noLocation: true });
  const name = importedAs(document, classifiedUrl, classifiedDirective);
  if (name !== classifiedDirective) {
    throw new YiwangError('CONFIG', { hint: `the supergraph does not import @${classifiedDirective} from ${classifiedUrl} under its own name; run \`npm run generate\`` });
  }
  const classes = new Map<string, Classified>();
  for (const definition of document.definitions) {
    readDefinition(definition, (coordinate, directives) => note(classes, coordinate, directives));
  }
  for (const [coordinate, sources] of derivedFields(buildASTSchema(document, { assumeValid: true, assumeValidSDL: true }))) raise(classes, coordinate, sources);
  return classes;
}

/** A source without a class counts as the strictest. */
function raise(classes: Map<string, Classified>, coordinate: string, sources: ReadonlySet<string>): void {
  const own = classes.get(coordinate);
  if (!own) return;
  const strictness = [own.class, ...[...sources].map((source) => classes.get(source)?.class ?? 'RESTRICTED')].map((one) => fieldClasses.indexOf(one));
  classes.set(coordinate, { ...own, class: fieldClasses[Math.max(...strictness)] ?? own.class });
}

/** Refuses a schema in which a field of an object type carries no class: nothing is served unclassified. */
export function requireClasses(schema: GraphQLSchema, classes: Classes): void {
  const missing: string[] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    for (const field of Object.keys(type.getFields())) if (!classes.has(`${type.name}.${field}`)) missing.push(`\`${type.name}.${field}\``);
  }
  if (missing.length === 0) return;
  throw new YiwangError('CONFIG', { hint: `${missing.length} fields of the supergraph carry no @classified: ${missing.slice(0, namesShownMax).join(', ')}` });
}

const namesShownMax = 10;

type Note = (coordinate: string, directives: readonly ConstDirectiveNode[] | undefined) => void;

function note(classes: Map<string, Classified>, coordinate: string, directives: readonly ConstDirectiveNode[] | undefined): void {
  for (const directive of directives ?? []) {
    const next = classificationIn([directive], coordinate);
    const known = classes.get(coordinate);
    if (next && (!known || fieldClasses.indexOf(next.class) > fieldClasses.indexOf(known.class))) classes.set(coordinate, next);
  }
}

const kindsWithFields = new Set(['ObjectTypeDefinition', 'ObjectTypeExtension', 'InterfaceTypeDefinition', 'InterfaceTypeExtension', 'InputObjectTypeDefinition', 'InputObjectTypeExtension']);

function readDefinition(definition: DefinitionNode, found: Note): void {
  if (!kindsWithFields.has(definition.kind) || !('fields' in definition) || !('name' in definition)) return;
  for (const field of definition.fields ?? []) {
    const coordinate = `${definition.name?.value}.${field.name.value}`;
    found(coordinate, field.directives);
    if (field.kind !== 'FieldDefinition') continue;
    for (const argument of field.arguments ?? []) found(`${coordinate}(${argument.name.value}:)`, argument.directives);
  }
}
