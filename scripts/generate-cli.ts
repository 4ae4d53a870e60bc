import { writeFile } from "node:fs/promises";
import { makeDocument } from "@/lib/api/document";
import { readDocument } from "./read-document";

/** `npm run generate`: writes down for the command line what the API's description says. */
const api = readDocument(makeDocument(""));
await writeFile(new URL("../cli/api.json", import.meta.url), `${JSON.stringify(api, null, 1)}\n`);
