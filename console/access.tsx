import type { GraphQLSchema } from 'graphql';
import type { AccessLine, Exchange } from './exchange.ts';
import { givenInFull } from './asked.ts';
import { reasons, say, texts, type Language } from './texts.ts';

/** What an answer gave in full, masked and withheld, by which rule and why. */
export function AccessPanel({ language, exchange, schema }: { language: Language; exchange: Exchange | null; schema: GraphQLSchema | null }) {
  const lines = exchange?.answer.extensions?.access ?? [];
  const full = exchange?.answer.data && schema ? givenInFull(schema, exchange.query, exchange.answer.data, new Set(lines.map((line) => line.coordinate))) : [];
  return (
    <section className="access" aria-label={say(texts.access, language)}>
      <h2>
        {say(texts.access, language)}
        {exchange && <Summary language={language} lines={lines} full={full.length} />}
        {exchange?.traceId && <code title={say(texts.trace, language)}>{exchange.traceId.slice(0, 12)}</code>}
      </h2>
      {!exchange && <p className="hint">{say(texts.accessNone, language)}</p>}
      {lines.length > 0 && <Lines language={language} lines={lines} />}
      {full.length > 0 && (
        <p className="full">
          <span className="badge FULL">{say(texts.full, language)}</span>
          {full.map((coordinate) => <code key={coordinate}>{coordinate}</code>)}
        </p>
      )}
    </section>
  );
}

function Summary({ language, lines, full }: { language: Language; lines: readonly AccessLine[]; full: number }) {
  const count = (effect: AccessLine['effect']) => new Set(lines.filter((line) => line.effect === effect).map((line) => line.coordinate)).size;
  return (
    <span className="summary">
      <span className="badge FULL">{full} {say(texts.full, language)}</span>
      <span className="badge MASKED">{count('MASKED')} {say(texts.masked, language)}</span>
      <span className="badge WITHHELD">{count('WITHHELD')} {say(texts.withheld, language)}</span>
    </span>
  );
}

function Lines({ language, lines }: { language: Language; lines: readonly AccessLine[] }) {
  const headings = [texts.effect, texts.field, texts.reason, texts.rule, texts.positions];
  return (
    <table>
      <thead>
        <tr>{headings.map((heading) => <th key={heading[1]}>{say(heading, language)}</th>)}</tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <tr key={`${line.coordinate} ${line.effect} ${line.policy} ${line.reason}`}>
            <td><span className={`badge ${line.effect}`}>{say(line.effect === 'MASKED' ? texts.masked : texts.withheld, language)}</span></td>
            <td><code>{line.coordinate}</code></td>
            <td>{say(reasons[line.reason], language) || line.reason} <small>{line.reason}</small></td>
            <td><code>{line.policy}</code></td>
            <td className="count">{line.count}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
