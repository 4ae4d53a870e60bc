import { CodeBlock } from "./code-block";

/** Beyond this many characters colour costs more than it tells. */
const colouredLength = 20_000;

const token =
  /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** A JSON value, indented and coloured, with Copy. */
export function JsonView({ label, value }: { label: string; value: unknown }) {
  const text = JSON.stringify(value, null, 2) ?? "null";
  return (
    <CodeBlock label={label} text={text}>
      {text.length > colouredLength ? text : colour(text)}
    </CodeBlock>
  );
}

function colour(text: string) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(token)) {
    parts.push(text.slice(end, match.index));
    const [whole, quoted, colon] = match;
    parts.push(
      <span key={match.index} className={classOf(quoted, colon)}>
        {whole}
      </span>,
    );
    end = match.index + whole.length;
  }
  parts.push(text.slice(end));
  return parts;
}

function classOf(quoted: string | undefined, colon: string | undefined): string {
  if (!quoted) return "text-warn";
  return colon ? "text-accent-text" : "text-ok";
}
