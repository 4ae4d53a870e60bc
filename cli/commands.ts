import { readFileSync } from "node:fs";
import { resourcesOf } from "./from-api";
import type { Api } from "./api";

const file = new URL("api.json", import.meta.url);

/** Everything the program can do. Parsing, help and requests are made from this table. */
export const resources = resourcesOf(JSON.parse(readFileSync(file, "utf8")) as Api);
