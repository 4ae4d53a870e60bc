import { cutPage, type Page } from "@/lib/page";
import type { Answer } from "./endpoint";

/** What came of a call, before it is an HTTP answer. */
export type Outcome = {
  /** Which of the endpoint's answers it is; left out: the first. */
  status?: Answer["status"];
  /** What the answer is where that depends on what was asked; left out: as it is described. */
  kind?: Answer["kind"];
  /** What is shown as JSON; or what is JSON already, to the byte. */
  data?: unknown;
  text?: string;
  /** Of a list: the cursor of the next page; null: there is none. */
  next?: string | null;
  /** The path of what is new. */
  location?: string;
};

/** Of a verb that answers nothing. */
export const nothing: Outcome = {};

/** A new thing, and where it is: behind its `collection`. */
export function created(data: { id: string }, collection: string): Outcome {
  return { data, location: `${collection}/${data.id}` };
}

/** A page of a list, of the `limit + 1` rows that were read. */
export function pageOf({ rows, page }: { rows: { id: string }[]; page: Page }): Outcome {
  const cut = cutPage(rows, page);
  return { data: cut.rows, next: cut.next };
}
