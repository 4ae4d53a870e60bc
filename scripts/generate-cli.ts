import { writeFile } from "node:fs/promises";
import { makeDocument } from "@/lib/api/document";
import { readDocument } from "./read-document";

/** `npm run generate`: writes down for the command line what the API's description says. */
const { groups, operations, answers } = readDocument(makeDocument(""));
const text = `{"groups":${lines(groups)},
"operations":${lines(operations)},
"answers":{${Object.entries(answers)
  .map(([name, fields]) => `\n"${name}":${JSON.stringify(fields)}`)
  .join(",")}}}
`;
await writeFile(new URL("../cli/api.json", import.meta.url), text);

/** A line each, so that a change of one is a change of one line. */
function lines(items: readonly unknown[]): string {
  return `[\n${items.map((item) => JSON.stringify(item)).join(",\n")}]`;
}
