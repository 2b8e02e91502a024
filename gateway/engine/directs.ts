import { BREAK, GraphQLIncludeDirective, GraphQLSkipDirective, visit, type DirectiveNode, type DocumentNode } from 'graphql';

/** Whether a document has a directive that is for its subgraphs to act on. */
export function directs(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Directive(node) {
      found = isForSubgraphs(node);
      return found ? BREAK : undefined;
    },
  });
  return found;
}

/** `@skip` and `@include` are the gateway's. */
export function isForSubgraphs({ name }: DirectiveNode): boolean {
  return name.value !== GraphQLSkipDirective.name && name.value !== GraphQLIncludeDirective.name;
}
