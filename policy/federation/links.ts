import type { ArgumentNode, ConstDirectiveNode, DefinitionNode, DocumentNode, SchemaDefinitionNode, SchemaExtensionNode } from 'graphql';

/**
 * The name under which a schema imports `@name` of the specification at `url` (https://specs.apollo.dev/link/v1.0);
 * undefined where it does not link that specification. Only the address before the version is compared.
 */
export function importedAs(document: DocumentNode, url: string, name: string): string | undefined {
  const [first] = namesImportedAs(document, url, name);
  return first;
}

/** Every such name: a schema may link a specification twice, or import one thing under two names. */
export function namesImportedAs(document: DocumentNode, url: string, name: string): Set<string> {
  const names = new Set<string>();
  for (const link of linksOf(document)) {
    const address = textOf(link.arguments, 'url');
    if (address === undefined || identity(address) !== identity(url)) continue;
    const imported = importedNames(link.arguments, name);
    for (const one of imported.length > 0 ? imported : [namespaced(link.arguments, address, name)]) names.add(one);
  }
  return names;
}

/** Every `@link` of the schema definition and its extensions. */
export function linksOf(document: DocumentNode): ConstDirectiveNode[] {
  const isSchema = (node: DefinitionNode): node is SchemaDefinitionNode | SchemaExtensionNode => node.kind === 'SchemaDefinition' || node.kind === 'SchemaExtension';
  return document.definitions.filter(isSchema).flatMap((node) => [...(node.directives ?? [])]).filter((directive) => directive.name.value === 'link');
}

export function textOf(args: readonly ArgumentNode[] | undefined, name: string): string | undefined {
  const value = args?.find((arg) => arg.name.value === name)?.value;
  return value?.kind === 'StringValue' ? value.value : undefined;
}

/** A specification's address without its version. */
function identity(url: string): string {
  return url.replace(/\/+$/, '').replace(/\/v\d+\.\d+$/, '');
}

function importedNames(args: readonly ArgumentNode[] | undefined, name: string): string[] {
  const list = args?.find((arg) => arg.name.value === 'import')?.value;
  if (list?.kind !== 'ListValue') return [];
  return list.values.flatMap((item): string[] => {
    if (item.kind === 'StringValue') return item.value === `@${name}` ? [name] : [];
    if (item.kind !== 'ObjectValue') return [];
    const entry = (key: string) => item.fields.find((field) => field.name.value === key)?.value;
    const [from, to] = [entry('name'), entry('as')];
    if (from?.kind !== 'StringValue' || from.value !== `@${name}`) return [];
    return [to?.kind === 'StringValue' ? to.value.slice(1) : name];
  });
}

// Not imported by name: the directive carries the link's namespace, or is the namespace where the specification has its name.
function namespaced(args: readonly ArgumentNode[] | undefined, url: string, name: string): string {
  const specification = identity(url).split('/').at(-1) ?? name;
  const namespace = textOf(args, 'as') ?? specification;
  return specification === name ? namespace : `${namespace}__${name}`;
}
