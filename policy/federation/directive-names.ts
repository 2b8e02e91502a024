import { Kind, parse, print, visit, type ConstDirectiveNode, type DefinitionNode, type DocumentNode } from 'graphql';
import { YiwangError } from '../../base/errors.ts';
import { linksOf, namesImportedAs, textOf } from './links.ts';

/** Each of the federation's access directives → the names that a supergraph knows it by. */
export type SecurityNames = Record<(typeof specifications)[number], ReadonlySet<string>>;

const specifications = ['authenticated', 'requiresScopes', 'policy'] as const;
const readVersion = /\/v0\.1$/;
const securityOthers = /^https:\/\/specs\.apollo\.dev\/inaccessible\//;
/** No rule, though marked as security: what an argument is filled from, which requirements.ts reads under this name. */
const contextRead = /^https:\/\/specs\.apollo\.dev\/context\/v0\.1$/;
/** Compositions before these did not carry access rules at all, so a subgraph's may be lost. */
const joinUnread = /^https:\/\/specs\.apollo\.dev\/join\/v0\.[12]$/;

/** The names of the directives; throws `CONFIG` where rules cannot be read: such a supergraph is never served open. */
export function securityNames(document: DocumentNode): SecurityNames {
  const of = (name: string) => namesImportedAs(document, addressOf(name), name);
  const names: SecurityNames = { authenticated: of('authenticated'), requiresScopes: of('requiresScopes'), policy: of('policy') };
  refuseUnreadable(document, names);
  return names;
}

/**
 * The supergraph as an engine takes it that knows no access rules and therefore refuses one whose links say `for: SECURITY`.
 * Only for a gateway that enforces what `readRequirements` read.
 */
export function withoutSecurityMarks(supergraphSdl: string): string {
  const document = parse(supergraphSdl, { noLocation: true });
  const isRead = (link: ConstDirectiveNode) => isOurs(link) || isReadContext(link);
  if (!linksOf(document).some(isRead)) return supergraphSdl;
  return print(
    visit(document, {
      Directive(node) {
        if (node.name.value !== 'link' || !isRead(node as ConstDirectiveNode)) return undefined;
        return { ...node, arguments: node.arguments?.filter((argument) => argument.name.value !== 'for') };
      },
    }),
  );
}

function refuseUnreadable(document: DocumentNode, names: SecurityNames): void {
  const refuse = (hint: string) => {
    throw new YiwangError('CONFIG', { hint: `the supergraph's access rules cannot be read, so it is not served: ${hint}; compose it anew with a current composition` });
  };
  if (linksOf(document).length === 0) refuse('it has no @link, so it comes from a composition that is too old');
  for (const link of linksOf(document)) {
    const url = textOf(link.arguments, 'url') ?? '';
    const purpose = link.arguments?.find((arg) => arg.name.value === 'for')?.value;
    if (isOurs(link) && !readVersion.test(url)) refuse(`${url} is a version this gateway does not know`);
    if (joinUnread.test(url)) refuse(`${url} comes from a composition that is too old to carry them`);
    if (!isOurs(link) && purpose?.kind === Kind.ENUM && purpose.value === 'SECURITY' && !securityOthers.test(url) && !isReadContext(link)) refuse(`${url} is a rule this gateway does not know`);
  }
  for (const definition of document.definitions) {
    const lost = definition.kind === Kind.DIRECTIVE_DEFINITION ? specifications.find((name) => name === definition.name.value && names[name].size === 0) : undefined;
    if (lost) refuse(`@${lost} is defined without a link to its specification`);
    for (const directive of everyDirective(definition)) {
      const named = textOf(directive.arguments, 'name');
      if (directive.name.value === 'join__directive' && isRule(directive, named)) refuse(`@${named} is carried along, not composed`);
      const unlinked = specifications.find((name) => name === directive.name.value && names[name].size === 0);
      if (unlinked) refuse(`@${unlinked} stands there without a link to its specification`);
    }
  }
}

function isReadContext(link: ConstDirectiveNode): boolean {
  return contextRead.test(textOf(link.arguments, 'url') ?? '') && !link.arguments?.some(({ name }) => name.value === 'as' || name.value === 'import');
}

/** A rule under its own name or another, or the link that would give it one. */
function isRule(directive: ConstDirectiveNode, named: string | undefined): boolean {
  if (specifications.some((name) => named === name)) return true;
  return named === 'link' && specifications.some((name) => print(directive).includes(`${addressOf(name)}/`));
}

function everyDirective(definition: DefinitionNode): ConstDirectiveNode[] {
  const own = 'directives' in definition ? [...(definition.directives ?? [])] : [];
  const below = 'fields' in definition ? (definition.fields ?? []).flatMap((field) => [...(field.directives ?? [])]) : [];
  return [...own, ...below] as ConstDirectiveNode[];
}

function addressOf(name: string): string {
  return `https://specs.apollo.dev/${name}`;
}

function isOurs(link: ConstDirectiveNode): boolean {
  const url = textOf(link.arguments, 'url') ?? '';
  return specifications.some((name) => url.startsWith(`${addressOf(name)}/`));
}
