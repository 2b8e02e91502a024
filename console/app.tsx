import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Fetcher } from '@graphiql/toolkit';
import type { GraphQLSchema } from 'graphql';
import { AccessPanel } from './access.tsx';
import { Editor, type Loaded } from './editor.tsx';
import { operationText, type Example } from './examples.ts';
import { ExampleList } from './example-list.tsx';
import type { Exchange } from './exchange.ts';
import { fetchPersonas, fresh, pastedSession, signIn, type Persona, type Session } from './session.ts';
import { say, texts, type Language } from './texts.ts';
import { TopBar } from './top-bar.tsx';
import { Waterfalls } from './waterfall.tsx';

/** The page: sign-in and headers above, examples left, the editor in the middle, what was given and withheld below it. */
export function App() {
  const [language, setLanguage] = useState<Language>('zh');
  const [personas, setPersonas] = useState<readonly Persona[] | null | undefined>();
  const [session, setSession] = useState<Session | null>(null);
  const [purpose, setPurpose] = useState('');
  const [matter, setMatter] = useState('');
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [exchange, setExchange] = useState<Exchange | null>(null);
  const [schema, setSchema] = useState<GraphQLSchema | null>(null);
  const [fault, setFault] = useState('');

  const enter = useCallback((next: Session) => {
    setSession(next);
    setPurpose(next.caller.purposes[0] ?? '');
    setMatter('');
    setExchange(null);
    setFault('');
  }, []);
  const choose = useCallback(async (persona: string) => {
    try {
      const next = await signIn(persona);
      enter(next);
      return next;
    } catch (error) {
      setFault(String(error instanceof Error ? error.message : error));
      return null;
    }
  }, [enter]);

  useEffect(() => {
    void fetchPersonas().then(setPersonas, () => setPersonas(null));
  }, []);

  const current = useRef({ session, purpose, matter });
  current.current = { session, purpose, matter };
  const fetcher = useMemo(() => openFetcher(current, setSession, setExchange), []);

  const runExample = async (example: Example) => {
    const known = session?.caller.persona === example.persona ? session : await choose(example.persona);
    if (!known) return;
    const matterNo = example.persona === 'county-analyst' && matter ? matter : (known.matterNo ?? session?.matterNo ?? null);
    setPurpose(example.purpose);
    setMatter(example.withMatter ? (known.matterNo ?? '') : '');
    setLoaded({ query: operationText(example.operation), variables: JSON.stringify(example.variables(matterNo ?? lastMatter.current), null, 2), number: Date.now() });
    if (known.matterNo) lastMatter.current = known.matterNo;
  };
  const lastMatter = useRef<string | null>(null);

  return (
    <div className="page">
      <TopBar {...{ language, setLanguage, personas, session, purpose, setPurpose, matter, setMatter }} onPersona={choose} onToken={(token) => enter(pastedSession(token))} />
      {fault && <p className="fault" role="alert">{say(texts.failed, language)}: {fault}</p>}
      <main>
        <ExampleList language={language} persona={session?.caller.persona ?? null} onRun={runExample} />
        <section className="work">
          {session ? <Editor key={session.caller.persona} fetcher={fetcher} loaded={loaded} onSchema={setSchema} /> : <p className="signed-out">{say(texts.signedOut, language)}</p>}
          <AccessPanel language={language} exchange={exchange} schema={schema} />
        </section>
        <Waterfalls language={language} answer={exchange?.answer.data} />
      </main>
    </div>
  );
}

interface Current {
  session: Session | null;
  purpose: string;
  matter: string;
}

/** Sends what GraphiQL asks with the headers of the pickers, and tells the page of every answer but introspection's. */
function openFetcher(current: { current: Current }, renewed: (session: Session) => void, told: (exchange: Exchange) => void): Fetcher {
  return async ({ query, variables, operationName }) => {
    const { session, purpose, matter } = current.current;
    const signed = session && (await fresh(session));
    if (signed && signed !== session) renewed(signed);
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(signed ? { authorization: `Bearer ${signed.token}` } : {}),
        ...(purpose ? { 'x-purpose': purpose } : {}),
        ...(matter && operationName !== 'IntrospectionQuery' ? { 'x-matter': matter } : {}),
      },
      body: JSON.stringify({ query, variables, ...(operationName ? { operationName } : {}) }),
    });
    const answer = (await response.json()) as Exchange['answer'];
    if (operationName !== 'IntrospectionQuery') told({ query, answer, traceId: response.headers.get('x-trace-id') });
    return answer;
  };
}
