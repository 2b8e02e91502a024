import type { ArgumentNode, ConstDirectiveNode, DefinitionNode, DocumentNode, SchemaDefinitionNode, SchemaExtensionNode } from 'graphql';

/**
 * The name under which a schema imports `@name` of the specification at `url` (https://specs.apollo.dev/link/v1.0);
 * undefined where it does not link that specification. Only the address before the version is compared.
 */
export function importedAs(document: DocumentNode, url: string, name: string): string | undefined {
  for (const link of linksOf(document)) {
    const address = textOf(link.arguments, 'url');
    if (address === undefined || identity(address) !== identity(url)) continue;
    return importedName(link.arguments, name) ?? namespaced(link.arguments, address, name);
  }
  return undefined;
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

function importedName(args: readonly ArgumentNode[] | undefined, name: string): string | undefined {
  const list = args?.find((arg) => arg.name.value === 'import')?.value;
  if (list?.kind !== 'ListValue') return undefined;
  for (const item of list.values) {
    if (item.kind === 'StringValue' && item.value === `@${name}`) return name;
    if (item.kind !== 'ObjectValue') continue;
    const entry = (key: string) => item.fields.find((field) => field.name.value === key)?.value;
    const [from, to] = [entry('name'), entry('as')];
    if (from?.kind === 'StringValue' && from.value === `@${name}`) return to?.kind === 'StringValue' ? to.value.slice(1) : name;
  }
  return undefined;
}

// Not imported by name: the directive carries the link's namespace, or is the namespace where the specification has its name.
function namespaced(args: readonly ArgumentNode[] | undefined, url: string, name: string): string {
  const specification = identity(url).split('/').at(-1) ?? name;
  const namespace = textOf(args, 'as') ?? specification;
  return specification === name ? namespace : `${namespace}__${name}`;
}
