import { useEffect } from 'react';
import { DOC_EXPLORER_PLUGIN, DocExplorerStore } from '@graphiql/plugin-doc-explorer';
import { GraphiQLProvider, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { GraphiQLInterface } from 'graphiql';
import type { Fetcher } from '@graphiql/toolkit';
import type { GraphQLSchema } from 'graphql';

/** An operation to be put into the editor and run. */
export interface Loaded {
  query: string;
  variables: string;
  /** Tells one loading from the next. */
  number: number;
}

/** GraphiQL over the schema that this caller may see. What is typed stays in this page: a query may name a matter. */
export function Editor({ fetcher, loaded, onSchema }: { fetcher: Fetcher; loaded: Loaded | null; onSchema: (schema: GraphQLSchema) => void }) {
  return (
    <GraphiQLProvider fetcher={fetcher} storage={memory()} defaultTheme="light" defaultQuery={welcome} plugins={plugins} referencePlugin={DOC_EXPLORER_PLUGIN} onSchemaChange={onSchema}>
      <DocExplorerStore>
        <Loading loaded={loaded} />
        <GraphiQLInterface defaultEditorToolsVisibility="variables" isHeadersEditorEnabled={false} showPersistHeadersSettings={false} forcedTheme="light" />
      </DocExplorerStore>
    </GraphiQLProvider>
  );
}

const plugins = [DOC_EXPLORER_PLUGIN];
const welcome = '# 选择左侧示例，或在此书写查询\n# Choose an example on the left, or write a query here\n';

/** Fills the editors when an example was chosen, and runs it once they are there. */
function Loading({ loaded }: { loaded: Loaded | null }) {
  const { run } = useGraphiQLActions();
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const responseEditor = useGraphiQL((state) => state.responseEditor);
  useEffect(() => {
    // Chinese brackets and commas look like their Latin kin to the editor, which would frame each one.
    for (const editor of [queryEditor, variableEditor, responseEditor]) editor?.updateOptions({ unicodeHighlight: { ambiguousCharacters: false } });
  }, [queryEditor, variableEditor, responseEditor]);
  useEffect(() => {
    if (!loaded || !queryEditor || !variableEditor) return;
    variableEditor.setValue(loaded.variables);
    queryEditor.setValue(loaded.query);
    const timer = setTimeout(run, settleMs);
    return () => clearTimeout(timer);
  }, [loaded, queryEditor, variableEditor, run]);
  return null;
}

/** The editor reads its own content a moment after it changed. */
const settleMs = 400;

function memory(): Storage {
  const kept = new Map<string, string>();
  return {
    get length() {
      return kept.size;
    },
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
    clear: () => kept.clear(),
    key: (index) => [...kept.keys()][index] ?? null,
  };
}
