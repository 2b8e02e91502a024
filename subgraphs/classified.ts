import { Kind, type DirectiveNode, type DocumentNode, type FieldDefinitionNode, type InputValueDefinitionNode } from 'graphql';
import { classificationIn, classifiedDirective, classifiedUrl } from '../policy/classes.ts';

/**
 * What keeps a subgraph from composing: fields, arguments and input fields without `@classified`, and a directive that was
 * renamed or comes from elsewhere (a renamed one would be read by nobody). Empty when all is well.
 */
export function unclassified(document: DocumentNode): string[] {
  const found = linkFaults(document);
  for (const definition of document.definitions) {
    if (definition.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION || definition.kind === Kind.INPUT_OBJECT_TYPE_EXTENSION) {
      for (const field of definition.fields ?? []) check(field, `${definition.name.value}.${field.name.value}`, found);
    } else if ('fields' in definition) {
      for (const field of (definition.fields ?? []) as FieldDefinitionNode[]) {
        const coordinate = `${definition.name.value}.${field.name.value}`;
        check(field, coordinate, found);
        for (const argument of field.arguments ?? []) check(argument, `${coordinate}(${argument.name.value}:)`, found);
      }
    }
  }
  return found;
}

function check(node: FieldDefinitionNode | InputValueDefinitionNode, coordinate: string, found: string[]): void {
  if (!classificationIn(node.directives ?? [], coordinate)) found.push(`\`${coordinate}\` has no class`);
}

function linkFaults(document: DocumentNode): string[] {
  const links = document.definitions.flatMap((definition) =>
    definition.kind === Kind.SCHEMA_EXTENSION || definition.kind === Kind.SCHEMA_DEFINITION ? (definition.directives ?? []).filter((directive) => directive.name.value === 'link') : [],
  );
  const own = links.filter((link) => text(link, 'url') === classifiedUrl);
  if (own.length !== 1) return [`\`@${classifiedDirective}\` is not linked from \`${classifiedUrl}\``];
  const imported = own[0]!.arguments?.find((argument) => argument.name.value === 'import')?.value;
  const plain = imported?.kind === Kind.LIST && imported.values.length === 1 && imported.values[0]!.kind === Kind.STRING && imported.values[0]!.value === `@${classifiedDirective}`;
  return plain && text(own[0]!, 'as') === undefined ? [] : [`\`@${classifiedDirective}\` is renamed`];
}

function text(directive: DirectiveNode, name: string): string | undefined {
  const value = directive.arguments?.find((argument) => argument.name.value === name)?.value;
  return value?.kind === Kind.STRING ? value.value : undefined;
}
